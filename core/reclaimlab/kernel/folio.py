"""Pages: extents of neighbours in one state, the LRU lists they stand on, the files they belong to.

Follows include/linux/mm_types.h and mm/swap.c, with one departure: a run of consecutive pages of
one file that share every flag is a single :class:`Extent`. Cost then follows the I/O requests, not
the pages (measured: 4 to 10 ns a page against 405 for an object each). An extent is split when only
a part of it changes, and merged with its neighbour on the list when they have become equal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reclaimlab.kernel.extent_index import ExtentIndex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reclaimlab.engine.task import Task
    from reclaimlab.kernel.memcontrol import MemCgroup
    from reclaimlab.kernel.writeback_unit import WritebackUnit


class Extent:
    """Consecutive pages of one mapping in one state.

    A page is on an LRU list, isolated (in some reclaimer's batch) or, once freed, nowhere. Apart
    from that it is clean, dirty or under writeback (``unit`` set); dirty *and* under writeback
    after a rewrite during I/O.

    Attributes:
        index: first page within the file; the lowest index is the oldest.
        nr: pages.
        folio_pages: pages of one folio (1 before large folios): the least that can be split off.
        lru: the list it stands on; None while isolated.
        reclaim: PageReclaim. referenced: PageReferenced. swapcache: PageSwapCache.
        mapped: it is in some process's page tables.
        locked: the task that holds the page lock, if someone sleeps with it.
    """

    __slots__ = (
        "dirty", "folio_pages", "index", "locked", "lru", "mapped", "mapping", "memcg", "newer",
        "nr", "older", "reclaim", "referenced", "swapcache", "unit",
    )  # fmt: skip

    def __init__(
        self, mapping: Any, index: int, nr: int, memcg: MemCgroup, folio_pages: int = 1
    ) -> None:
        self.mapping = mapping
        self.index = index
        self.nr = nr
        self.memcg = memcg
        self.folio_pages = folio_pages
        self.dirty = False
        self.unit: WritebackUnit | None = None
        self.reclaim = False
        self.referenced = False
        self.swapcache = False
        self.mapped = False
        self.locked: Task | None = None
        self.lru: LruList | None = None
        self.older: Extent = self
        self.newer: Extent = self

    def __repr__(self) -> str:
        flags = "".join(
            letter
            for letter, is_set in (
                ("D", self.dirty), ("W", self.unit is not None), ("R", self.reclaim),
                ("r", self.referenced), ("s", self.swapcache), ("m", self.mapped),
                ("L", self.locked is not None),
            )
            if is_set
        )  # fmt: skip
        place = self.lru.name if self.lru else "isolated"
        return f"<{self.mapping.name}[{self.index}+{self.nr}] {flags or 'clean'} {place}>"

    @property
    def label(self) -> str:
        """What a report calls the first of its pages."""
        return f"page {self.mapping.name}+{self.index}"

    def beyond(self, nr: int) -> Extent:
        """Return a new extent of all but its first ``nr`` pages: in its state, without neighbours.

        Not by way of the constructor: every attribute is set once, half of the cost.
        """
        rest: Extent = _new_extent(Extent)
        rest.mapping = self.mapping
        rest.index = self.index + nr
        rest.nr = self.nr - nr
        rest.memcg = self.memcg
        rest.folio_pages = self.folio_pages
        rest.dirty = self.dirty
        rest.unit = self.unit
        rest.reclaim = self.reclaim
        rest.referenced = self.referenced
        rest.swapcache = self.swapcache
        rest.mapped = self.mapped
        rest.locked = self.locked
        rest.lru = self.lru
        rest.older = rest.newer = rest
        return rest

    def same_state(self, other: Extent) -> bool:
        """Whether the two could be one extent, place apart."""
        return (
            self.unit is other.unit
            and self.dirty == other.dirty
            and self.reclaim == other.reclaim
            and self.referenced == other.referenced
            and self.folio_pages == other.folio_pages
            and self.memcg is other.memcg
            and self.swapcache == other.swapcache
            and self.locked is other.locked
            and self.mapped == other.mapped
        )


_new_extent = Extent.__new__


class LruList:
    """One LRU list: new pages enter at the head, reclaim takes from the tail.

    A ring through ``older`` and ``newer``, closed by a sentinel: any extent can leave in one step.
    """

    __slots__ = ("active", "file", "head_end", "name", "nr")

    def __init__(self, name: str, *, active: bool, file: bool) -> None:
        self.name = name
        self.active = active
        self.file = file
        self.nr = 0
        """Pages on the list."""
        ring = self.head_end = Extent.__new__(Extent)
        """The end of the list beyond the newest: an extent at the head has this as ``newer``."""
        ring.older = ring.newer = ring

    def __iter__(self) -> Iterator[Extent]:
        """From the tail (oldest) to the head."""
        extent = self.head_end.newer
        while extent is not self.head_end:
            yield extent
            extent = extent.newer

    @property
    def tail(self) -> Extent | None:
        """The oldest extent."""
        extent = self.head_end.newer
        return None if extent is self.head_end else extent

    def add_head(self, extent: Extent) -> None:
        """Put ``extent`` where reclaim gets to it last."""
        ring = self.head_end
        first = ring.older
        extent.newer, extent.older = ring, first
        first.newer = ring.older = extent
        extent.lru = self
        self.nr += extent.nr

    def add_tail(self, extent: Extent) -> None:
        """Put ``extent`` where reclaim gets to it next."""
        ring = self.head_end
        last = ring.newer
        extent.older, extent.newer = ring, last
        last.older = ring.newer = extent
        extent.lru = self
        self.nr += extent.nr

    def insert_newer(self, extent: Extent, than: Extent) -> None:
        """Put ``extent`` directly beside ``than``, on its newer side."""
        after = than.newer
        extent.older, extent.newer = than, after
        than.newer = after.older = extent
        extent.lru = self
        self.nr += extent.nr

    def remove(self, extent: Extent) -> None:
        """Take ``extent`` off the list."""
        older, newer = extent.older, extent.newer
        older.newer, newer.older = newer, older
        extent.lru = None
        self.nr -= extent.nr

    def rotate(self, extent: Extent) -> None:
        """Move the oldest, ``extent``, to the head, merged with an equal neighbour there."""
        end = self.head_end
        first = end.older
        if first is extent:
            return
        end.newer = following = extent.newer
        following.older = end
        if (
            first.mapping is extent.mapping
            and first.index + first.nr == extent.index
            and first.same_state(extent)
        ):
            extent.mapping.absorb(first, extent)
        else:
            extent.newer, extent.older = end, first
            first.newer = end.older = extent

    def put_back_head(self, extent: Extent) -> None:
        """Put ``extent`` at the head, merged with an equal neighbour that stands there."""
        first = self.head_end.older
        if (
            first is not self.head_end
            and first.mapping is extent.mapping
            and first.index + first.nr == extent.index
            and first.same_state(extent)
        ):
            self.nr += extent.nr
            extent.mapping.absorb(first, extent)
        else:
            self.add_head(extent)


class Mapping:
    """A file's pages: struct address_space and as much of its inode as writeback needs.

    Attributes:
        a_ops: the filesystem (kernel/aops.py); None for anonymous memory.
        bdi: where its dirty pages go.
        size_pages: length of the file. ondisk_pages: how far its on-disk size reaches.
        nr_dirty, nr_writeback: pages in these states. dirtied_when_ns: when it last became dirty.
        private: the filesystem's own inode.
    """

    __slots__ = (
        "a_ops", "bdi", "dirtied_when_ns", "dirty", "file", "folio_pages", "gfp_mask", "name",
        "nr_dirty", "nr_writeback", "ondisk_pages", "pages", "private", "size_pages",
        "sync_owner", "wb", "wb_list", "writeback_index",
    )  # fmt: skip

    def __init__(self, name: str, *, file: bool = True, a_ops: Any = None, bdi: Any = None) -> None:
        self.name = name
        self.file = file
        self.a_ops = a_ops
        self.bdi = bdi
        self.pages = ExtentIndex()
        self.dirty = ExtentIndex()
        self.nr_dirty = 0
        self.nr_writeback = 0
        self.dirtied_when_ns = 0
        self.size_pages = 0
        self.ondisk_pages = 0
        self.writeback_index = 0
        self.folio_pages = 1
        self.gfp_mask = 0
        self.private: Any = None
        self.wb: Any = None
        self.wb_list = ""
        """Which of its flusher's lists it stands on: ``dirty``, ``io``, ``more_io`` or none."""
        self.sync_owner: Any = None
        """The task in writeback_single_inode() (I_SYNC)."""

    def __repr__(self) -> str:
        return f"<Mapping {self.name}, {len(self.pages)} extents, {self.nr_dirty} dirty pages>"

    def insert(self, extent: Extent) -> None:
        """Enter a new extent into the page cache."""
        self.pages.add(extent)

    def split(self, extent: Extent, nr: int) -> Extent:
        """Cut ``extent`` down to its first ``nr`` pages; return the rest, in the same state."""
        rest = extent.beyond(nr)
        unit, lru = extent.unit, extent.lru
        extent.nr = nr
        if lru is not None:
            after = extent.newer
            rest.older, rest.newer = extent, after
            extent.newer = after.older = rest
        self.pages.add(rest)
        if rest.dirty:
            self.dirty.add(rest)
        if unit is not None:
            unit.extents[rest] = None
        return rest

    def absorb(self, extent: Extent, following: Extent) -> None:
        """Make ``following``, off the lists and equal in state, the end of ``extent``."""
        self.pages.remove(following)
        if following.dirty:
            self.dirty.remove(following)
        if following.unit is not None:
            del following.unit.extents[following]
        extent.nr += following.nr
        following.nr = 0
        following.lru = None
