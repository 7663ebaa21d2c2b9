"""The page cache: waiting for a page, adding, finding and removing pages.

Follows mm/filemap.c of v3.10 (wait_on_page_bit) and mm/truncate.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.kernel import page_writeback
from reclaimlab.kernel.folio import Extent, Mapping
from reclaimlab.units import PAGE_SIZE

if TYPE_CHECKING:
    from reclaimlab.engine.task import Steps
    from reclaimlab.kernel.folio import LruList
    from reclaimlab.kernel.kernel import Kernel
    from reclaimlab.kernel.memcontrol import MemCgroup
    from reclaimlab.kernel.writeback_unit import WritebackUnit


def wait_on_page_bit(k: Kernel, unit: WritebackUnit, timeout_ns: int | None = None) -> Steps:
    """Sleep until the writeback of ``unit`` ends; give False if ``timeout_ns`` ran out first."""
    if unit.ended_ns >= 0:
        return True
    if k.trace is not None:
        k.tracepoint("folio_wait_writeback", unit=unit.label)
    if timeout_ns is None:
        yield unit.queue
        return True
    return (yield unit.queue.for_at_most(timeout_ns))


def remove_mapping(k: Kernel, extent: Extent) -> None:
    """Free a clean extent off the lists: out of its mapping, uncharged, back to the zone."""
    mapping, nr, memcg = extent.mapping, extent.nr, extent.memcg
    mapping.pages.remove(extent)
    if not mapping.file:
        process = mapping.private
        process.rss_pages -= nr
        if process.exited:
            k.swap.used -= nr  # nobody is left to read it back
        else:
            process.swapped_pages += nr
    memcg.uncharge(nr)
    extent.nr = 0
    zone = k.zone
    zone.free += nr
    zone.pages_scanned = 0
    zone.all_unreclaimable = False
    zone.kswapd_failures = 0
    k.progress_ns = k.loop.now


def free_clean_tail(k: Kernel, lru: LruList, nr: int) -> None:
    """Free the ``nr`` oldest pages of a list, which are known to be clean and unlocked."""
    end = lru.head_end
    while (oldest := end.newer).nr <= nr:
        nr -= oldest.nr
        lru.remove(oldest)
        remove_mapping(k, oldest)
        if not nr:
            return
    start = oldest.index + nr
    oldest.mapping.pages.move(oldest, start)
    oldest.index = start
    oldest.nr -= nr
    lru.nr -= nr
    oldest.memcg.uncharge(nr)
    zone = k.zone
    zone.free += nr
    zone.pages_scanned = 0
    k.progress_ns = k.loop.now


def add_to_page_cache_dirty(
    k: Kernel, mapping: Mapping, index: int, nr: int, memcg: MemCgroup, folio_pages: int
) -> None:
    """Add ``nr`` newly written pages, allocated and charged: dirty, at the inactive list's head."""
    lru = memcg.lruvec.inactive_file
    last = mapping.pages.last()
    if (
        last is not None
        and last.dirty
        and last.unit is None
        and last.lru is lru
        and last.newer is lru.head_end
        and last.index + last.nr == index
        and not last.reclaim
        and last.folio_pages == folio_pages
        and last.locked is None
    ):
        last.nr += nr
        lru.nr += nr
        page_writeback.account_page_dirtied(k, last, nr)
        return
    extent = Extent(mapping, index, nr, memcg, folio_pages)
    mapping.insert(extent)
    lru.add_head(extent)
    page_writeback.set_page_dirty(k, extent)


def add_to_page_cache_clean(
    k: Kernel, mapping: Mapping, index: int, nr: int, memcg: MemCgroup
) -> Extent:
    """Add ``nr`` pages just read."""
    del k
    extent = Extent(mapping, index, nr, memcg)
    mapping.insert(extent)
    memcg.lruvec.inactive_file.add_head(extent)
    return extent


def mark_page_accessed(extent: Extent) -> None:
    """First access: referenced; second: active."""
    if not extent.referenced:
        extent.referenced = True
        return
    activate(extent)


def activate(extent: Extent) -> None:
    """Move an extent from the inactive list to the head of the active one."""
    lruvec = extent.memcg.lruvec
    assert extent.lru is not None
    extent.lru.remove(extent)
    extent.referenced = False
    (lruvec.active_file if extent.mapping.file else lruvec.active_anon).add_head(extent)


def wait_for_stable_page(k: Kernel, unit: WritebackUnit) -> Steps:
    """Sleep until writeback of a page ends before it is changed."""
    yield from wait_on_page_bit(k, unit)


def truncate_inode_pages(k: Kernel, mapping: Mapping) -> Steps:
    """Drop every page of a file, waiting for those under writeback."""
    while (extent := mapping.pages.first()) is not None:
        if extent.unit is not None:
            yield from wait_on_page_bit(k, extent.unit)
            continue
        if extent.dirty:
            page_writeback.clear_page_dirty(k, extent)
        if extent.lru is not None:
            extent.lru.remove(extent)
        remove_mapping(k, extent)
    mapping.size_pages = mapping.ondisk_pages = mapping.writeback_index = 0


def filemap_fdatawait(k: Kernel, mapping: Mapping) -> Steps:
    """Sleep until every page of a file now under writeback has ended."""
    for unit in list(
        dict.fromkeys(extent.unit for extent in mapping.pages if extent.unit is not None)
    ):
        yield from wait_on_page_bit(k, unit)


def bytes_to_pages(size: int) -> int:
    """Return the whole pages in ``size`` bytes, at least one."""
    return max(1, size // PAGE_SIZE)
