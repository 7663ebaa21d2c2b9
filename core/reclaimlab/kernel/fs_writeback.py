"""The flushers: which inodes are written, in what order, how much at a time.

Follows fs/fs-writeback.c of v3.10 (wb_writeback, writeback_sb_inodes, writeback_chunk_size).
Departure: one thread a device instead of a work item on an unbound workqueue, so a flusher never
waits for a worker to be created.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.kernel import balance_dirty_pages
from reclaimlab.kernel.aops import WritebackControl
from reclaimlab.kernel.bdi_writeback import WbWork
from reclaimlab.kernel.dirty_domain import wb_dirty_limit
from reclaimlab.policy.gfp import PF_KTHREAD, PF_WQ_WORKER
from reclaimlab.units import MSEC

if TYPE_CHECKING:
    from reclaimlab.engine.task import Steps
    from reclaimlab.kernel.bdi_writeback import BdiWriteback
    from reclaimlab.kernel.folio import Mapping
    from reclaimlab.kernel.kernel import Kernel
    from reclaimlab.kernel.memcontrol import MemCgroup

MIN_WRITEBACK_PAGES = 1024
DIRTY_SCOPE = 8
TIME_SLICE_NS = 100 * MSEC
EVERYTHING = 1 << 60


def inode_attach_wb(k: Kernel, mapping: Mapping, memcg: MemCgroup) -> None:
    """Choose the flusher of an inode: the memcg's own with cgroup writeback, else the device's."""
    bdi = mapping.bdi
    own = (
        k.cgroup == "v2"
        and k.features.global_dirty_limit_per_wb
        and mapping.a_ops.features.cgroup_writeback
        and not memcg.is_root
    )
    mapping.wb = bdi.wb_for(k, memcg) if own else bdi.wb


def mark_inode_dirty(k: Kernel, mapping: Mapping) -> None:
    """Put an inode on its flusher's list of dirty ones."""
    if not mapping.wb.has_dirty_io and k.dirty.interval_ns:
        k.loop.call_after(k.dirty.interval_ns, mapping.wb.wake.wake_one)  # wakeup_delayed()
    mapping.wb_list = "dirty"
    mapping.wb.b_dirty.append(mapping)


def start_flusher(k: Kernel, wb: BdiWriteback) -> None:
    """Start the thread of ``wb``."""
    k.spawn(f"flush-{wb.name}", wb_workfn(k, wb), flags=PF_KTHREAD | PF_WQ_WORKER)


def wakeup_flusher_threads(k: Kernel, nr_pages: int) -> None:
    """Ask every flusher that has something dirty to write ``nr_pages`` (0: all)."""
    for wb in k.wbs:
        if wb.has_dirty_io and not wb.start_all:
            # One such request at a time is enough: the next would find it pending anyway.
            wb.start_all = True
            wb.work_list.append(WbWork(nr_pages or EVERYTHING, k.loop.now))
            wb.wake.wake_one()


def wb_start_background_writeback(wb: BdiWriteback) -> None:
    """Wake a flusher to look whether it is over the background threshold."""
    wb.background_pending = True
    wb.wake.wake_one()


def wb_workfn(k: Kernel, wb: BdiWriteback) -> Steps:
    """The flusher thread: work items, then old data, then background writeback.

    It has nothing to look at before something wakes it.
    """
    yield wb.wake
    while True:
        wb.background_pending = False
        yield from wb_do_writeback(k, wb)
        if wb.work_list or wb.background_pending:
            continue
        if wb.has_dirty_io and k.dirty.interval_ns:
            yield wb.wake.for_at_most(k.dirty.interval_ns)
        else:
            yield wb.wake


def wb_do_writeback(k: Kernel, wb: BdiWriteback) -> Steps:
    """Do whatever there is to write."""
    while wb.work_list:
        work = wb.work_list.popleft()
        wb.start_all = False
        yield from wb_writeback(k, wb, work)
    now = k.loop.now
    if now - wb.last_old_flush_ns >= k.dirty.interval_ns:
        wb.last_old_flush_ns = now
        if wb.nr_dirty:
            yield from wb_writeback(k, wb, WbWork(EVERYTHING, now, for_kupdate=True))
    if over_bground_thresh(k, wb):
        yield from wb_writeback(k, wb, WbWork(EVERYTHING, now, for_background=True))


def over_bground_thresh(k: Kernel, wb: BdiWriteback) -> bool:
    """Return whether more is dirty than the background threshold of any domain of ``wb``.

    Or more for this flusher than its share of it: one whose device has not written lately has none,
    and writes all it has whenever it looks.
    """
    domains = [k.global_domain]
    groups = k.memcgs if wb.memcg is None else [wb.memcg]
    domains += [group.domain for group in groups if group.domain is not None]
    for domain in domains:
        thresh = domain.state(k).bg_thresh
        dirty = k.nr_dirty if domain.memcg is None else domain.memcg.nr_dirty
        if dirty > thresh or wb.nr_dirty > wb_dirty_limit(k, domain, wb, thresh):
            return True
    return False


def wb_writeback(k: Kernel, wb: BdiWriteback, work: WbWork) -> Steps:
    """Write until the work is done, nothing is left, or something more urgent has come."""
    start = k.loop.now
    reason = "background" if work.for_background else "periodic" if work.for_kupdate else "vmscan"
    k.tracepoint(
        "writeback_start", bdi=wb.name, nr_pages=min(work.nr_pages, k.nr_dirty), reason=reason
    )
    while work.nr_pages > 0:
        if (work.for_background or work.for_kupdate) and wb.work_list:
            break
        if work.for_background and not over_bground_thresh(k, wb):
            break
        older_than = k.loop.now - k.dirty.expire_ns if work.for_kupdate else k.loop.now
        if not wb.b_io:
            queue_io(wb, older_than)
        wrote = yield from writeback_sb_inodes(k, wb, work, start)
        if not k.features.estimates_by_inode:
            balance_dirty_pages.update_bandwidth(k, wb, None, start)
        if wrote:
            continue
        if not wb.b_more_io:
            break
        yield MSEC  # inode_sleep_on_writeback(): somebody else writes what is left
    if wb.bdi.device is not None:
        wb.bdi.device.blk_finish_plug()
    k.tracepoint("writeback_written", bdi=wb.name, nr_pages=wb.written, reason=reason)


def queue_io(wb: BdiWriteback, older_than_ns: int) -> None:
    """Move unfinished inodes, then those dirty for long enough, to the current round."""
    for mapping in wb.b_more_io:
        mapping.wb_list = "io"
        wb.b_io.append(mapping)
    wb.b_more_io.clear()
    while wb.b_dirty and wb.b_dirty[0].dirtied_when_ns <= older_than_ns:
        mapping = wb.b_dirty.popleft()
        mapping.wb_list = "io"
        wb.b_io.append(mapping)


def writeback_chunk_size(k: Kernel, wb: BdiWriteback, work: WbWork) -> int:
    """Return how many pages of one inode to write before the next has its turn.

    Half a second's worth of the device as it is estimated, at most an eighth of the dirty limit, in
    multiples of 4 MiB. With the initial estimate of 100 MB/s that is 52 MiB.
    """
    limit = k.global_domain.dirty_limit
    if not k.features.deferred_memory_init:
        limit = max(limit, k.global_domain.state(k).thresh)
    pages: int = min(wb.avg_write_bandwidth // 2, limit // DIRTY_SCOPE, work.nr_pages)
    return (pages + MIN_WRITEBACK_PAGES) // MIN_WRITEBACK_PAGES * MIN_WRITEBACK_PAGES


def writeback_sb_inodes(k: Kernel, wb: BdiWriteback, work: WbWork, start_ns: int) -> Steps:
    """Write the inodes of the round, a chunk each, for about 100 ms; give the pages written."""
    del start_ns
    begun = k.loop.now
    wrote = 0
    while wb.b_io:
        mapping = wb.b_io.popleft()
        mapping.wb_list = ""
        if not mapping.nr_dirty:
            continue
        if mapping.sync_owner is not None:
            _requeue(wb, mapping, "more_io")
            continue
        chunk = writeback_chunk_size(k, wb, work)
        wbc = WritebackControl(chunk, for_background=work.for_background or work.for_kupdate)
        yield from writeback_single_inode(k, mapping, wbc)
        work.nr_pages -= chunk - wbc.nr_to_write
        wrote += chunk - wbc.nr_to_write
        requeue_inode(k, wb, mapping, wbc)
        if k.loop.now - begun > TIME_SLICE_NS or work.nr_pages <= 0:
            break
    return wrote


def writeback_single_inode(k: Kernel, mapping: Mapping, wbc: WritebackControl) -> Steps:
    """Write a part of one inode through its filesystem."""
    mapping.sync_owner = k.current
    chunk = wbc.nr_to_write
    yield from do_writepages(k, mapping, wbc)
    mapping.sync_owner = None
    k.tracepoint(
        "writeback_single_inode", bdi=mapping.bdi.name, to_write=chunk,
        wrote=chunk - wbc.nr_to_write,
    )  # fmt: skip


def do_writepages(k: Kernel, mapping: Mapping, wbc: WritebackControl) -> Steps:
    """Have the filesystem write, and since v5.16 measure the flusher's speed around that."""
    wb: BdiWriteback = mapping.wb
    if k.features.estimates_by_inode:
        balance_dirty_pages.wb_bandwidth_estimate_start(k, wb)
    yield from mapping.a_ops.writepages(k, mapping, wbc)
    if k.features.estimates_by_inode:
        # Few of the pages are on the device yet; what is counted is what came before them.
        balance_dirty_pages.update_bandwidth(k, wb, None, 0)


def requeue_inode(k: Kernel, wb: BdiWriteback, mapping: Mapping, wbc: WritebackControl) -> None:
    """Put an inode back where it belongs after a turn."""
    if mapping.wb_list or not mapping.nr_dirty:
        return
    if wbc.nr_to_write <= 0:
        _requeue(wb, mapping, "more_io")
    else:
        mapping.dirtied_when_ns = k.loop.now  # redirty_tail()
        _requeue(wb, mapping, "dirty")


def _requeue(wb: BdiWriteback, mapping: Mapping, where: str) -> None:
    mapping.wb_list = where
    (wb.b_more_io if where == "more_io" else wb.b_dirty).append(mapping)
