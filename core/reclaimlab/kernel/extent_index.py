"""The extents of a file by their first page, in order: what a radix tree is to the kernel."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reclaimlab.kernel.folio import Extent


class ExtentIndex:
    """Extents of a file by their first page, in order."""

    __slots__ = ("_at", "_starts")

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._at: dict[int, Extent] = {}

    def __len__(self) -> int:
        return len(self._starts)

    def __iter__(self) -> Iterator[Extent]:
        return (self._at[start] for start in self._starts)

    def add(self, extent: Extent) -> None:
        """Enter ``extent``."""
        start = extent.index
        starts = self._starts
        if not starts or start > starts[-1]:
            starts.append(start)
        else:
            insort(starts, start)
        self._at[start] = extent

    def remove(self, extent: Extent) -> None:
        """Strike ``extent`` out."""
        start, starts = extent.index, self._starts
        del starts[0 if starts[0] == start else bisect_left(starts, start)]
        del self._at[start]

    def move(self, extent: Extent, start: int) -> None:
        """Give ``extent`` a new first page that leaves its place in the order."""
        old, starts = extent.index, self._starts
        starts[0 if starts[0] == old else bisect_left(starts, old)] = start
        del self._at[old]
        self._at[start] = extent

    def content(self) -> tuple[Any, ...]:
        """Return the first pages of its extents, then these."""
        return (tuple(self._starts), *map(self._at.__getitem__, self._starts))

    def fill(self, content: tuple[Any, ...]) -> None:
        """Hold just what :meth:`content` has given."""
        self._starts[:] = content[0]
        self._at = dict(zip(content[0], content[1:], strict=True))

    def first(self) -> Extent | None:
        """Return the extent with the lowest index."""
        return self._at[self._starts[0]] if self._starts else None

    def last(self) -> Extent | None:
        """Return the extent with the highest index."""
        return self._at[self._starts[-1]] if self._starts else None

    def at_or_after(self, index: int) -> Extent | None:
        """Return the first extent that holds or follows page ``index``."""
        position = bisect_right(self._starts, index)
        if position:
            before = self._at[self._starts[position - 1]]
            if before.index + before.nr > index:
                return before
        return self._at[self._starts[position]] if position < len(self._starts) else None

    def holding(self, index: int) -> Extent | None:
        """Return the extent that holds page ``index``."""
        extent = self.at_or_after(index)
        return extent if extent is not None and extent.index <= index else None
