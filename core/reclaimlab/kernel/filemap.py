"""The page cache: waiting for a page, adding, finding and removing pages, and write(2).

Follows mm/filemap.c of v3.10 (wait_on_page_bit, generic_perform_write) and, for large folios,
iomap_file_buffered_write() of v6.6: a folio as large as the write if it can be allocated and
charged, else smaller ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.kernel import (
    balance_dirty_pages,
    clean_tail,
    costs,
    memcontrol,
    oom,
    page_alloc,
    page_writeback,
)
from reclaimlab.kernel.folio import Extent, Mapping
from reclaimlab.units import PAGE_SIZE

if TYPE_CHECKING:
    from reclaimlab.engine.task import Steps
    from reclaimlab.kernel.folio import LruList
    from reclaimlab.kernel.kernel import Kernel
    from reclaimlab.kernel.memcontrol import MemCgroup
    from reclaimlab.kernel.process import Process
    from reclaimlab.kernel.writeback_unit import WritebackUnit

CHARGE_BATCH = 32
"""Pages of write(2) that are allocated and charged in one step when memory is short."""
WRITE_STEP = 256
"""The same when there is enough."""
MAX_FOLIO_PAGES = 512
"""MAX_PAGECACHE_ORDER: a PMD."""
ENOMEM = -12


def wait_on_page_bit(k: Kernel, unit: WritebackUnit, timeout_ns: int | None = None) -> Steps:
    """Sleep until the writeback of ``unit`` ends; give False if ``timeout_ns`` ran out first."""
    if unit.ended_ns >= 0:
        return True
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


def trim_front(k: Kernel, extent: Extent, nr: int) -> None:
    """Free the first ``nr`` pages of a clean extent that stays on its list."""
    extent.mapping.pages.move(extent, extent.index + nr)
    extent.index += nr
    extent.nr -= nr
    if extent.lru is not None:
        extent.lru.nr -= nr
    extent.memcg.uncharge(nr)
    page_alloc.free_pages(k, nr)


def free_clean_tail(k: Kernel, lru: LruList, nr: int) -> None:
    """Free the ``nr`` oldest pages of a list, which are known to be clean and unlocked."""
    while nr:
        oldest = lru.head_end.newer
        if oldest.nr > nr:
            trim_front(k, oldest, nr)
            return
        nr -= oldest.nr
        lru.remove(oldest)
        remove_mapping(k, oldest)


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
        and last.memcg is memcg
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


def generic_perform_write(
    k: Kernel, mapping: Mapping, process: Process, index: int, nr: int, copy_ns: int
) -> Steps:
    """Write ``nr`` pages from page ``index`` on; give pages written, fewer after a kill or -ENOMEM.

    ``copy_ns`` is the time to copy one page from the user.
    """
    a_ops, task, loop = mapping.a_ops, k.current, k.loop
    done = 0
    while done < nr and not task.killed:
        if a_ops.prepares_writes:
            yield from a_ops.write_begin(k, mapping, process)
        at = index + done
        wrote = _write_some(k, mapping, process, at, nr - done)
        if not isinstance(wrote, int):
            wrote = yield from wrote
        if wrote > 0 and at + wrote > mapping.size_pages:
            mapping.size_pages = at + wrote
        if a_ops.finishes_writes:
            yield from a_ops.write_end(k, mapping, process)
        if wrote < 0:
            process.errors += 1
            if not task.killed:
                oom.record_failure(k, process.memcg, 1, "")
            return done or wrote
        done += wrote
        process.nr_dirtied += wrote
        spent_ns = wrote * copy_ns + a_ops.write_ns(wrote) * k.cpu_slowdown
        if not loop.elapse(spent_ns):
            yield spent_ns
        if balance_dirty_pages.balance_dirty_pages_ratelimited(k, mapping, process):
            yield from balance_dirty_pages.balance_dirty_pages(k, mapping, process)
    return done


def _write_some(k: Kernel, mapping: Mapping, process: Process, index: int, nr: int) -> int | Steps:
    """Dirty the pages from ``index`` on that can be had in one step: how many, or ENOMEM.

    Returns that number, or, if it takes sleep, the steps that give it.
    """
    if index < mapping.size_pages:
        extent = mapping.pages.at_or_after(index)
        if extent is not None and extent.index <= index:
            return _rewrite(k, extent, index, nr)
        if extent is not None:
            nr = min(nr, extent.index - index)
    return _write_new(k, mapping, process, index, nr)


def _rewrite(k: Kernel, extent: Extent, index: int, nr: int) -> Steps:
    """Dirty pages that are in the cache already, after any writeback of them (stable pages)."""
    mapping = extent.mapping
    nr = min(nr, extent.index + extent.nr - index)
    if not extent.dirty:
        unit = extent.folio_pages
        first = (index - extent.index) // unit * unit
        end = min(-(-(index + nr - extent.index) // unit) * unit, extent.nr)
        if end < extent.nr:
            mapping.split(extent, end)
        if first:
            extent = mapping.split(extent, first)
        if extent.unit is not None and mapping.a_ops.stable_pages:
            yield from wait_for_stable_page(k, extent.unit)
        if extent.nr and mapping.pages.holding(index) is extent:
            if extent.lru is not None and not extent.lru.active:
                _mark_page_accessed(extent)
            page_writeback.set_page_dirty(k, extent)
        else:
            return 0  # freed or changed meanwhile: look again
    yield costs.ALLOC_PAGE_NS
    return nr


def _mark_page_accessed(extent: Extent) -> None:
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


def _write_new(k: Kernel, mapping: Mapping, process: Process, index: int, nr: int) -> int | Steps:
    """Allocate, charge and add new pages: how many, or the steps that give that."""
    memcg = process.memcg
    if k.features.large_folios and mapping.a_ops.large_folios:
        return _write_new_folio(k, mapping, memcg, index, nr)
    ration = process.nr_dirtied_pause - process.nr_dirtied
    nr = min(nr, WRITE_STEP, ration if ration > 1 else 1)
    lacking = nr - memcg.margin
    if lacking > 0:
        cost_ns = clean_tail.reclaim_clean_tail(k, memcg, lacking)
        process.reclaim_ns += cost_ns
        memcg.reclaim_ns += cost_ns
        if cost_ns and not k.loop.elapse(cost_ns):
            return _add_new_after(k, mapping, memcg, index, nr, cost_ns)
    return _add_new(k, mapping, memcg, index, nr)


def _add_new(k: Kernel, mapping: Mapping, memcg: MemCgroup, index: int, nr: int) -> int | Steps:
    """Add as many of ``nr`` new pages as there is room for: how many, or the steps for that."""
    margin, zone = memcg.margin, k.zone
    if margin < nr or zone.free - nr < zone.low_wmark:
        nr = min(nr, max(margin // CHARGE_BATCH, 1) * CHARGE_BATCH)
    has_pages = page_alloc.try_alloc(k, nr)
    if not has_pages or memcg.try_charge(nr) is not None:
        return _add_new_slowly(k, mapping, memcg, index, nr, has_pages=has_pages)
    k.progress_ns = k.loop.now
    add_to_page_cache_dirty(k, mapping, index, nr, memcg, 1)
    return nr


def _add_new_after(
    k: Kernel, mapping: Mapping, memcg: MemCgroup, index: int, nr: int, cost_ns: int
) -> Steps:
    yield cost_ns
    wrote = _add_new(k, mapping, memcg, index, nr)
    if not isinstance(wrote, int):
        wrote = yield from wrote
    return wrote


def _add_new_slowly(
    k: Kernel, mapping: Mapping, memcg: MemCgroup, index: int, nr: int, *, has_pages: bool
) -> Steps:
    """Reclaim for what is short, then add the pages."""
    gfp = mapping.a_ops.write_begin_gfp(k, mapping)
    if not has_pages:
        yield from page_alloc.alloc_pages(k, gfp, nr)
    charged = yield from memcontrol.mem_cgroup_charge(k, memcg, gfp, nr)
    if not charged:
        page_alloc.free_pages(k, nr)
        return ENOMEM
    k.progress_ns = k.loop.now
    add_to_page_cache_dirty(k, mapping, index, nr, memcg, 1)
    return nr


def _write_new_folio(k: Kernel, mapping: Mapping, memcg: MemCgroup, index: int, nr: int) -> Steps:
    """Add a folio as large as alignment, size and charge allow (__filemap_get_folio of v6.6)."""
    gfp = mapping.a_ops.write_begin_gfp(k, mapping)
    order = min(nr, MAX_FOLIO_PAGES).bit_length() - 1
    if index:
        order = min(order, (index & -index).bit_length() - 1)
    while True:
        pages = 1 << order
        if not page_alloc.try_alloc(k, pages):
            if order:
                order -= 1  # __GFP_NORETRY: no reclaim for a larger folio
                continue
            yield from page_alloc.alloc_pages(k, gfp, pages)
        charged = yield from filemap_add_folio(k, memcg, gfp, pages, order)
        if charged:
            add_to_page_cache_dirty(k, mapping, index, pages, memcg, pages)
            return pages
        page_alloc.free_pages(k, pages)
        if not order or k.current.killed:
            return ENOMEM
        order -= 1


def filemap_add_folio(k: Kernel, memcg: MemCgroup, gfp: int, pages: int, order: int) -> Steps:
    """Charge one folio; give False if it does not fit."""
    return (yield from memcontrol.mem_cgroup_charge(k, memcg, gfp, pages, order=order))


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
