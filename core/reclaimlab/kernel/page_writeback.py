"""The states dirty and writeback of pages, and their counts.

Follows mm/page-writeback.c (account_page_dirtied, clear_page_dirty_for_io, test_set_page_writeback)
and mm/filemap.c:end_page_writeback of v3.10. Every change of a state goes through here, so that the
counts cannot drift (invariants.py recounts them).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.kernel import balance_dirty_pages, fs_writeback, reclaim_throttle

if TYPE_CHECKING:
    from reclaimlab.kernel.folio import Extent
    from reclaimlab.kernel.kernel import Kernel
    from reclaimlab.kernel.writeback_unit import WritebackUnit


def account_page_dirtied(k: Kernel, extent: Extent, nr: int) -> None:
    """Count ``nr`` pages of ``extent`` that just became dirty; put the inode on its list."""
    mapping = extent.mapping
    if not mapping.nr_dirty:
        mapping.dirtied_when_ns = k.loop.now
        if mapping.wb is None:
            fs_writeback.inode_attach_wb(k, mapping, extent.memcg)
    mapping.nr_dirty += nr
    extent.memcg.nr_dirty += nr
    k.nr_dirty += nr
    wb = mapping.wb
    wb.nr_dirty += nr
    wb.dirtied += nr
    if not mapping.wb_list:
        fs_writeback.mark_inode_dirty(k, mapping)


def set_page_dirty(k: Kernel, extent: Extent) -> None:
    """Make a clean extent dirty."""
    if not extent.dirty:
        extent.dirty = True
        extent.mapping.dirty.add(extent)
        account_page_dirtied(k, extent, extent.nr)


def clear_page_dirty(k: Kernel, extent: Extent) -> None:
    """Take the dirty state from an extent: for I/O, or because it is truncated."""
    mapping, nr = extent.mapping, extent.nr
    extent.dirty = False
    mapping.dirty.remove(extent)
    mapping.nr_dirty -= nr
    extent.memcg.nr_dirty -= nr
    k.nr_dirty -= nr
    mapping.wb.nr_dirty -= nr


def set_page_writeback(k: Kernel, extent: Extent, unit: WritebackUnit) -> None:
    """Mark an extent as under writeback, part of ``unit``; it must not be so already."""
    nr = extent.nr
    extent.unit = unit
    unit.extents[extent] = None
    unit.nr_pages += nr
    extent.memcg.nr_writeback += nr
    k.nr_writeback += nr
    wb = unit.wb
    if wb is not None:
        mapping = extent.mapping
        wb.nr_writeback += nr
        if not mapping.nr_writeback:
            wb.writeback_inodes += 1
        mapping.nr_writeback += nr


def end_page_writeback(k: Kernel, unit: WritebackUnit) -> None:
    """End the writeback of every page of ``unit``; may be called from an interrupt.

    A page that reclaim has marked goes to the tail of the inactive list, if it stands on one; who
    holds it isolated frees it himself.
    """
    unit.ended_ns = k.loop.now
    total = 0
    for extent in unit.extents:
        nr = extent.nr
        total += nr
        extent.unit = None
        extent.memcg.nr_writeback -= nr
        if extent.reclaim:
            extent.reclaim = False
            rotate_reclaimable_page(k, extent)
    unit.extents.clear()
    k.nr_writeback -= total
    k.vmstat.nr_written += total
    wb = unit.wb
    if wb is not None:
        wb.nr_writeback -= total
        wb.written += total
        wb.count_completion(k, total)
        unit.mapping.nr_writeback -= total
        if not unit.mapping.nr_writeback:
            balance_dirty_pages.wb_inode_writeback_end(k, wb)
    k.progress_ns = k.loop.now
    unit.wake_all()
    if k.nr_throttled:
        reclaim_throttle.acct_reclaim_writeback(k, total)
    if k.hooks.watches_pages:
        k.hooks.notify("page_written", nr_pages=total, time_ns=k.loop.now)


def rotate_reclaimable_page(k: Kernel, extent: Extent) -> None:
    """Move a page that is clean, unlocked and on a list to the inactive tail, to be freed next."""
    lru = extent.lru
    if lru is None or extent.dirty or extent.locked is not None:
        return
    lruvec, file = extent.memcg.lruvec, extent.mapping.file
    if lru.active and not k.features.rotates_active:
        return
    lru.remove(extent)
    (lruvec.inactive_file if file else lruvec.inactive_anon).add_tail(extent)
    k.vmstat.pgrotated += extent.nr
