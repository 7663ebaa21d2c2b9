"""write(2) into the page cache: pages allocated, charged, copied to, made dirty, and throttled.

Follows mm/filemap.c of v3.10 (generic_perform_write) and, for large folios,
iomap_file_buffered_write() of v6.6: a folio as large as the write if it can be allocated and
charged, else smaller ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.kernel import (
    balance_dirty_pages,
    clean_tail,
    costs,
    filemap,
    memcontrol,
    oom,
    page_alloc,
    page_writeback,
)

if TYPE_CHECKING:
    from reclaimlab.engine.task import Steps
    from reclaimlab.kernel.folio import Extent, Mapping
    from reclaimlab.kernel.kernel import Kernel
    from reclaimlab.kernel.memcontrol import MemCgroup
    from reclaimlab.kernel.process import Process

CHARGE_BATCH = 32
"""Pages of write(2) that are allocated and charged in one step when memory is short."""
WRITE_STEP = 256
"""The same when there is enough."""
MAX_FOLIO_PAGES = 512
"""MAX_PAGECACHE_ORDER: a PMD."""
ENOMEM = -12


def generic_perform_write(
    k: Kernel, mapping: Mapping, process: Process, index: int, nr: int, copy_ns: int
) -> Steps:
    """Write ``nr`` pages from page ``index`` on; give pages written, fewer after a kill or -ENOMEM.

    ``copy_ns`` is the time to copy one page from the user.
    """
    a_ops, loop = mapping.a_ops, k.loop
    task, done = loop.current, 0
    assert task is not None
    while done < nr and not task.killed:
        if a_ops.prepares_writes:
            yield from a_ops.write_begin(k, mapping, process)
        at = index + done
        if at < mapping.size_pages:
            wrote = _write_within(k, mapping, process, at, nr - done)
        else:
            wrote = _write_new(k, mapping, process, at, nr - done)
        if not isinstance(wrote, int):
            wrote = yield from wrote
        if wrote > 0 and at + wrote > mapping.size_pages:
            mapping.size_pages = at + wrote
        if a_ops.finishes_writes and (steps := a_ops.write_end(k, mapping, process)):
            yield from steps
        if wrote < 0:
            process.errors += 1
            if not task.killed:
                oom.record_failure(k, process.memcg, 1, "")
            return done or wrote
        done += wrote
        process.nr_dirtied += wrote
        spent_ns = wrote * copy_ns
        if a_ops.counts_writes:
            spent_ns += a_ops.write_ns(wrote) * k.cpu_slowdown
        if not loop.elapse(spent_ns):
            yield spent_ns
        if balance_dirty_pages.balance_dirty_pages_ratelimited(k, mapping, process):
            yield from balance_dirty_pages.balance_dirty_pages(k, mapping, process)
    return done


def _write_within(
    k: Kernel, mapping: Mapping, process: Process, index: int, nr: int
) -> int | Steps:
    """Dirty the pages from ``index`` on, within the file, that can be had in one step.

    Returns how many or ENOMEM or, if it takes sleep, the steps that give that.
    """
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
            yield from filemap.wait_for_stable_page(k, extent.unit)
        if extent.nr and mapping.pages.holding(index) is extent:
            if extent.lru is not None and not extent.lru.active:
                filemap.mark_page_accessed(extent)
            page_writeback.set_page_dirty(k, extent)
        else:
            return 0  # freed or changed meanwhile: look again
    yield costs.ALLOC_PAGE_NS
    return nr


def _write_new(k: Kernel, mapping: Mapping, process: Process, index: int, nr: int) -> int | Steps:
    """Allocate, charge and add new pages: how many, or the steps that give that."""
    memcg = process.memcg
    if mapping.a_ops.large_folios:
        return _write_new_folio(k, mapping, memcg, index, nr)
    ration = process.nr_dirtied_pause - process.nr_dirtied
    if nr > ration:
        nr = ration if ration > 1 else 1
    if nr > WRITE_STEP:
        nr = WRITE_STEP
    lacking = nr - memcg.margin()
    if lacking > 0 and (cost_ns := clean_tail.reclaim_clean_tail(k, memcg, lacking)):
        process.reclaim_ns += cost_ns
        memcg.reclaim_ns += cost_ns
        if not k.loop.elapse(cost_ns):
            return _add_new_after(k, mapping, memcg, index, nr, cost_ns)
    return _add_new(k, mapping, memcg, index, nr)


def _add_new(k: Kernel, mapping: Mapping, memcg: MemCgroup, index: int, nr: int) -> int | Steps:
    """Add as many of ``nr`` new pages as there is room for: how many, or the steps for that."""
    zone = k.zone
    if zone.free - nr >= zone.low_wmark and memcg.try_charge(nr) is None:
        zone.free -= nr
    else:
        nr = min(nr, max(memcg.margin() // CHARGE_BATCH, 1) * CHARGE_BATCH)
        has_pages = page_alloc.try_alloc(k, nr)
        if not has_pages or memcg.try_charge(nr) is not None:
            return _add_new_slowly(k, mapping, memcg, index, nr, has_pages=has_pages)
    k.progress_ns = k.loop.now
    filemap.add_to_page_cache_dirty(k, mapping, index, nr, memcg, 1)
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
    filemap.add_to_page_cache_dirty(k, mapping, index, nr, memcg, 1)
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
            filemap.add_to_page_cache_dirty(k, mapping, index, pages, memcg, pages)
            return pages
        page_alloc.free_pages(k, pages)
        if not order or k.current.killed:
            return ENOMEM
        order -= 1


def filemap_add_folio(k: Kernel, memcg: MemCgroup, gfp: int, pages: int, order: int) -> Steps:
    """Charge one folio; give False if it does not fit."""
    return (yield from memcontrol.mem_cgroup_charge(k, memcg, gfp, pages, order=order))
