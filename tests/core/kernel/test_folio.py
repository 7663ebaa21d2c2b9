"""Extents, lists and indexes against a reference that keeps every page by itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from reclaimlab.engine.loop import Loop
from reclaimlab.kernel.folio import Extent, LruList, Mapping
from reclaimlab.kernel.isolation import isolate_lru_pages
from reclaimlab.kernel.memcontrol import MemCgroup

FLAGS: Final = ("reclaim", "referenced", "dirty")
State = tuple[str, int, tuple[bool, ...]]


@dataclass(eq=False)
class Page:
    """One page of the reference."""

    mapping: str
    index: int
    flags: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(FLAGS, False))

    def state(self) -> State:
        return self.mapping, self.index, tuple(self.flags[flag] for flag in FLAGS)


def pages_of(extents: list[Extent]) -> list[State]:
    return [
        (extent.mapping.name, index, (extent.reclaim, extent.referenced, extent.dirty))
        for extent in extents
        for index in range(extent.index, extent.index + extent.nr)
    ]


class ListsOfExtents(RuleBasedStateMachine):
    """The same changes to extents and to single pages leave the same pages in the same order."""

    def __init__(self) -> None:
        super().__init__()
        self.memcg = MemCgroup(Loop(), "box")
        self.lru = LruList("inactive", active=False, file=True)
        self.files = [Mapping("a"), Mapping("b")]
        self.listed: list[Page] = []  # from the tail to the head
        self.batch: list[Extent] = []
        self.isolated: list[Page] = []

    def _extent_at(self, position: int) -> Extent:
        extents = list(self.lru)
        return extents[position % len(extents)]

    def _forget(self, extent: Extent) -> None:
        extent.mapping.pages.remove(extent)
        if extent.dirty:
            extent.mapping.dirty.remove(extent)

    def _pages(self, extent: Extent) -> list[Page]:
        wanted = {(extent.mapping.name, extent.index + n) for n in range(extent.nr)}
        return [page for page in self.listed if (page.mapping, page.index) in wanted]

    @rule(which=st.integers(0, 1), nr=st.integers(1, 100))
    def add_pages_at_the_end_of_a_file(self, which: int, nr: int) -> None:
        mapping = self.files[which]
        extent = Extent(mapping, mapping.size_pages, nr, self.memcg)
        mapping.insert(extent)
        self.lru.add_head(extent)
        self.listed += [Page(mapping.name, mapping.size_pages + n) for n in range(nr)]
        mapping.size_pages += nr

    @precondition(lambda self: self.listed)
    @rule(position=st.integers(0, 50), cut=st.integers(1, 99))
    def split(self, position: int, cut: int) -> None:
        extent = self._extent_at(position)
        if cut < extent.nr:
            extent.mapping.split(extent, cut)

    @precondition(lambda self: self.listed and not self.batch)
    @rule(nr=st.integers(1, 64))
    def isolate_from_the_tail(self, nr: int) -> None:
        self.batch = isolate_lru_pages(self.lru, nr)
        self.isolated, self.listed = self.listed[:nr], self.listed[nr:]

    @precondition(lambda self: self.batch)
    @rule()
    def put_the_batch_back_at_the_head(self) -> None:
        for extent in self.batch:
            self.lru.put_back_head(extent)
        self.listed += self.isolated
        self.batch, self.isolated = [], []

    @precondition(lambda self: self.listed and not self.batch)
    @rule()
    def rotate_the_oldest_to_the_head(self) -> None:
        oldest = self.lru.tail
        assert oldest is not None
        moved = self._pages(oldest)
        self.lru.rotate(oldest)
        self.listed = [page for page in self.listed if page not in moved] + moved

    @precondition(lambda self: self.batch)
    @rule()
    def free_the_batch(self) -> None:
        for extent in self.batch:
            self._forget(extent)
        self.batch, self.isolated = [], []

    @precondition(lambda self: self.listed)
    @rule(position=st.integers(0, 50))
    def rotate_to_the_tail(self, position: int) -> None:
        extent = self._extent_at(position)
        moved = self._pages(extent)
        self.lru.remove(extent)
        self.lru.add_tail(extent)
        self.listed = moved + [page for page in self.listed if page not in moved]

    @precondition(lambda self: self.listed)
    @rule(position=st.integers(0, 50))
    def remove(self, position: int) -> None:
        extent = self._extent_at(position)
        gone = self._pages(extent)
        self.lru.remove(extent)
        self._forget(extent)
        self.listed = [page for page in self.listed if page not in gone]

    @precondition(lambda self: self.listed)
    @rule(position=st.integers(0, 50), flag=st.sampled_from(FLAGS))
    def change_a_flag(self, position: int, flag: str) -> None:
        extent = self._extent_at(position)
        setattr(extent, flag, not getattr(extent, flag))
        if flag == "dirty":
            index = extent.mapping.dirty
            (index.add if extent.dirty else index.remove)(extent)
        for page in self._pages(extent):
            page.flags[flag] = not page.flags[flag]

    @invariant()
    def the_list_has_the_same_pages_in_the_same_order(self) -> None:
        assert pages_of(list(self.lru)) == [page.state() for page in self.listed]
        assert pages_of(self.batch) == [page.state() for page in self.isolated]

    @invariant()
    def the_list_counts_its_pages(self) -> None:
        assert self.lru.nr == len(self.listed)
        assert (self.lru.tail is None) == (not self.listed)

    @invariant()
    def the_list_read_backwards_is_the_same(self) -> None:
        backwards, extent = [], self.lru.head_end.older
        while extent is not self.lru.head_end:
            backwards.append(extent)
            extent = extent.older
        assert backwards[::-1] == list(self.lru)

    @invariant()
    def a_file_has_each_page_once_and_finds_it(self) -> None:
        for mapping in self.files:
            mine = sorted(
                page.index for page in self.listed + self.isolated if page.mapping == mapping.name
            )
            assert [index for _, index, *_ in pages_of(list(mapping.pages))] == mine
            there = set(mine)
            assert list(mapping.dirty) == [each for each in mapping.pages if each.dirty]
            for index in range(0, mapping.size_pages + 1, 7):
                holder = mapping.pages.holding(index)
                assert (holder is not None) == (index in there)
                following = mapping.pages.at_or_after(index)
                expected = min((each for each in mine if each >= index), default=None)
                assert (None if following is None else max(index, following.index)) == expected


TestListsOfExtents = ListsOfExtents.TestCase
TestListsOfExtents.settings = settings(
    max_examples=settings().max_examples * 2 // 5, stateful_step_count=40
)


def a_list(*extents: Extent) -> LruList:
    lru = LruList("inactive", active=False, file=True)
    for extent in extents:
        lru.add_head(extent)
    return lru


def an_extent(mapping: Mapping, index: int, nr: int, folio_pages: int = 1) -> Extent:
    extent = Extent(mapping, index, nr, BOX, folio_pages)
    mapping.insert(extent)
    return extent


BOX = MemCgroup(Loop(), "box")


def test_equal_neighbours_put_back_at_the_head_become_one_extent() -> None:
    mapping = Mapping("a")
    lru = a_list(an_extent(mapping, 0, 64))
    for extent in isolate_lru_pages(lru, 32) + isolate_lru_pages(lru, 32):
        lru.put_back_head(extent)
    assert [(extent.index, extent.nr) for extent in lru] == [(0, 64)]
    assert len(mapping.pages) == 1


def test_neighbours_that_differ_in_one_flag_stay_apart() -> None:
    mapping = Mapping("a")
    lru = a_list(an_extent(mapping, 0, 64))
    first, second = isolate_lru_pages(lru, 32) + isolate_lru_pages(lru, 32)
    second.reclaim = True
    lru.put_back_head(first)
    lru.put_back_head(second)
    assert [(extent.nr, extent.reclaim) for extent in lru] == [(32, False), (32, True)]


def test_isolation_takes_whole_folios() -> None:
    lru = a_list(an_extent(Mapping("a"), 0, 640, folio_pages=64))
    (batch,) = isolate_lru_pages(lru, 32)
    assert (batch.nr, lru.nr) == (64, 576)


def test_the_halves_of_a_split_dirty_extent_are_both_dirty_in_the_index() -> None:
    mapping = Mapping("a")
    extent = an_extent(mapping, 0, 10)
    extent.dirty = True
    mapping.dirty.add(extent)
    rest = mapping.split(extent, 4)
    assert list(mapping.dirty) == [extent, rest]
    assert (extent.nr, rest.index, rest.nr, rest.dirty) == (4, 4, 6, True)
