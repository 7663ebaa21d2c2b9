"""Page reclaim: the lists of a memcg, the priorities, and who is reclaimed from.

Follows mm/vmscan.c of v3.10; names of later versions (shrink_node) are given by names.py when a
stack is shown. How hard each list is scanned is in scan_count.py, what becomes of one batch in
shrink_list.py; the sleep after a pass and the flusher's wake-up are asked of the policies.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from reclaimlab.kernel import (
    backing_dev,
    clean_tail,
    costs,
    fs_writeback,
    memcontrol,
    reclaim_throttle,
    shrinker,
    swap,
)
from reclaimlab.kernel.isolation import isolate_lru_pages
from reclaimlab.kernel.quiet_pages import pages_per_quota
from reclaimlab.kernel.scan_control import DEF_PRIORITY, SWAP_CLUSTER_MAX, ScanControl, paid, pay
from reclaimlab.kernel.scan_count import get_scan_count, inactive_list_is_low
from reclaimlab.kernel.shrink_list import shrink_inactive_list
from reclaimlab.kernel.still_pass import repeats
from reclaimlab.policy.contexts import AllocationView, Stage
from reclaimlab.policy.gfp import (
    GFP_FS,
    GFP_HIGHUSER_MOVABLE,
    GFP_IO,
    GFP_WAIT,
    PF_MEMALLOC,
)
from reclaimlab.units import MSEC

if TYPE_CHECKING:
    from reclaimlab.engine.task import Steps
    from reclaimlab.kernel.folio import LruList
    from reclaimlab.kernel.kernel import Kernel
    from reclaimlab.kernel.memcontrol import MemCgroup
    from reclaimlab.kernel.mmzone import Lruvec
    from reclaimlab.policy.decisions import Throttle

_RECLAIM_PLACEMENT = GFP_HIGHUSER_MOVABLE & ~(GFP_IO | GFP_FS | GFP_WAIT)


# ---- one list -----------------------------------------------------------------------------------


def shrink_active_list(
    k: Kernel, nr_to_scan: int, lruvec: Lruvec, active: LruList, sc: ScanControl
) -> None:
    """Move pages from the tail of an active list to the head of its inactive one."""
    inactive = lruvec.inactive_file if active.file else lruvec.inactive_anon
    has_folios = k.features.folio_names
    nr = folios = 0
    for extent in isolate_lru_pages(active, nr_to_scan):
        nr += extent.nr
        folios += extent.nr // extent.folio_pages
        if extent.mapped and extent.referenced:
            lruvec.recent_rotated[active.file] += extent.nr
            extent.referenced = False
        inactive.put_back_head(extent)
        if extent.nr and not has_folios:  # pages that join their neighbours cost nothing
            sc.debt_ns += costs.scan_ns(0, 0, extent.nr, has_folios=False) // 2
    if has_folios:
        batches = -(-nr_to_scan // SWAP_CLUSTER_MAX)
        sc.debt_ns += costs.scan_ns(batches, folios, nr, has_folios=True) // 2
    lruvec.recent_scanned[active.file] += nr
    k.vmstat.pgdeactivate += nr


def shrink_lruvec(k: Kernel, lruvec: Lruvec, sc: ScanControl, memcg: MemCgroup) -> Steps:
    """Scan the lists of one memcg in turns of a batch each, until quota or target is reached."""
    anon_inactive, anon_active, file_inactive, file_active = get_scan_count(k, lruvec, sc, memcg)
    while anon_inactive > 0 or file_inactive > 0 or file_active > 0:
        pace = SWAP_CLUSTER_MAX
        if anon_inactive > 0:
            spent = yield from shrink_inactive_list(
                k, anon_inactive, lruvec, lruvec.inactive_anon, sc
            )
            anon_inactive -= spent
            pace = max(pace, spent)
        if anon_active > 0:
            anon_active -= _shrink_active(k, lruvec, sc, min(anon_active, pace), file=False)
        pace = SWAP_CLUSTER_MAX
        if file_inactive > 0:
            spent = yield from shrink_inactive_list(
                k, file_inactive, lruvec, lruvec.inactive_file, sc
            )
            file_inactive -= spent
            pace = max(pace, spent)
        if file_active > 0:
            file_active -= _shrink_active(k, lruvec, sc, min(file_active, pace), file=True)
        if sc.nr_reclaimed >= sc.nr_to_reclaim and sc.priority < DEF_PRIORITY:
            break
    if k.swap is not None and inactive_list_is_low(
        k, lruvec.inactive_anon.nr, lruvec.active_anon.nr, file=False
    ):
        shrink_active_list(k, SWAP_CLUSTER_MAX, lruvec, lruvec.active_anon, sc)
    if writeout_is_over(k) and k.features.legacy_block_queue:
        yield from throttle_vm_writeout(k, sc)


def _shrink_active(k: Kernel, lruvec: Lruvec, sc: ScanControl, batch: int, *, file: bool) -> int:
    inactive = lruvec.inactive_file if file else lruvec.inactive_anon
    active = lruvec.active_file if file else lruvec.active_anon
    left = batch
    while left > 0 and inactive_list_is_low(k, inactive.nr, active.nr, file=file):
        # The balance is looked at after every 32; until it tips they can move together.
        lacking = max(active.nr - inactive.nr, 0) // 2
        oldest = active.tail
        if oldest is not None:
            lacking //= pages_per_quota(oldest.folio_pages)
        part = min(left, max(lacking, SWAP_CLUSTER_MAX))
        shrink_active_list(k, part, lruvec, active, sc)
        left -= part
    return batch


def throttle_vm_writeout(k: Kernel, sc: ScanControl) -> Steps:
    """Sleep while writeback machine-wide is far over the dirty limit; without FS or IO only once.

    Gone since v5.16 with congestion_wait().
    """
    while writeout_is_over(k):
        yield from reclaim_throttle.congestion_wait(k, 100 * MSEC)
        if sc.gfp & (GFP_FS | GFP_IO) != GFP_FS | GFP_IO:
            break


def writeout_is_over(k: Kernel) -> bool:
    """Return whether much more than the dirty limit is under writeback."""
    limit = k.global_domain.dirty_limit if k.global_domain is not None else 0
    return limit > 0 and k.nr_writeback > limit + limit // 10


# ---- one try ------------------------------------------------------------------------------------


def shrink_zone(k: Kernel, sc: ScanControl) -> Steps:
    """Scan the lists of the target memcg, or of all."""
    if sc.target is not None:
        yield from shrink_lruvec(k, sc.target.lruvec, sc, sc.target)
        return
    for memcg in k.memcgs:
        yield from shrink_lruvec(k, memcg.lruvec, sc, memcg)


def shrink_zones(k: Kernel, sc: ScanControl) -> Steps:
    """Soft-limit reclaim first, for global reclaim, then the zone."""
    if sc.target is None and k.features.soft_limit_reclaim:
        freed, scanned = yield from memcontrol.mem_cgroup_soft_limit_reclaim(k, sc.gfp)
        sc.nr_reclaimed += freed
        sc.nr_scanned += scanned
    yield from shrink_zone(k, sc)


def do_try_to_free_pages(k: Kernel, sc: ScanControl) -> Steps:
    """Scan with rising urgency until enough is freed; give the pages freed."""
    shrinks_slab = sc.target is None or k.features.memcg_shrinkers
    for priority in range(DEF_PRIORITY, -1, -1):
        if priority < sc.priority:
            sc.start_pass(k, priority)
        still = sc.still is not None and repeats(k, sc)
        if not (still or clean_tail.shrink_clean_tail(k, sc)):
            yield from shrink_zones(k, sc)
        if shrinks_slab:
            yield from shrinker.shrink_slab(k, sc)
        sc.total_scanned += sc.nr_scanned
        if sc.nr_reclaimed >= sc.nr_to_reclaim:
            break
        throttle = end_pass(k, sc)
        if throttle is not None:
            yield from after_pass(k, sc, throttle)
    if not paid(k, sc):
        yield from pay(sc)
    if sc.nr_reclaimed or sc.target is not None:
        return sc.nr_reclaimed
    return 0 if zone_unreclaimable(k) else 1


def end_pass(k: Kernel, sc: ScanControl) -> Throttle | None:
    """Wake the flushers after one priority, as the policies say; return how to sleep, if at all."""
    if not (sc.nr_scanned or sc.total_scanned):
        return None
    progress = sc.pass_progress(bdi_congested=backing_dev.any_congested(k))
    wakeup = k.hooks.decide_flusher_wakeup(progress, sc.view)
    if wakeup.wake:
        fs_writeback.wakeup_flusher_threads(k, wakeup.nr_pages)
    throttle: Throttle = k.hooks.throttle_after_pass(progress, sc.view)
    return throttle if reclaim_throttle.sleeps(k, throttle) else None


def after_pass(k: Kernel, sc: ScanControl, throttle: Throttle) -> Steps:
    """Sleep after one priority."""
    yield from pay(sc)
    yield from reclaim_throttle.sleep(k, throttle, None)


def zone_reclaimable_pages(k: Kernel) -> int:
    """Return the pages that reclaim could get at: file pages, and anon while there is swap."""
    anon = k.swap is not None and swap.has_room(k, 1)
    return sum(g.lruvec.nr_file + (g.lruvec.nr_anon if anon else 0) for g in k.memcgs)


def zone_unreclaimable(k: Kernel) -> bool:
    """Return whether six times what is reclaimable was scanned since a page was last freed."""
    k.zone.all_unreclaimable = k.zone.pages_scanned >= zone_reclaimable_pages(k) * 6
    return k.zone.all_unreclaimable


def try_to_free_pages(k: Kernel, gfp: int) -> Steps:
    """Global direct reclaim for an allocation with mask ``gfp``; give a sign of progress."""
    task, process = k.current, k.process
    start = k.loop.now
    k.vmstat.allocstall += 1
    had = task.flags & PF_MEMALLOC
    task.flags |= PF_MEMALLOC
    sc = ScanControl(k, gfp, target=None)
    k.tracepoint("mm_vmscan_direct_reclaim_begin", order=0, gfp_flags=gfp)
    progress = yield from do_try_to_free_pages(k, sc)
    k.tracepoint("mm_vmscan_direct_reclaim_end", nr_reclaimed=sc.nr_reclaimed)
    if not had:
        task.flags &= ~PF_MEMALLOC
    process.reclaim_ns += k.loop.now - start
    return progress


@functools.cache
def memcg_reclaim(gfp: int, task_flags: int) -> AllocationView:
    """Return what the policies are told of the mask of hard-limit reclaim."""
    return AllocationView(
        Stage.MEMCG_RECLAIM, gfp, task_flags, "try_to_free_mem_cgroup_pages", "",
        km_nofs=False, aop_nofs=False, filesystem="",
    )  # fmt: skip


def try_to_free_mem_cgroup_pages(k: Kernel, memcg: MemCgroup, gfp: int, nr: int) -> Steps:
    """Hard-limit reclaim for a charge of ``nr`` pages; give the pages freed.

    The mask is the caller's. Whether task flags reach it is the version's answer: they did not in
    2013 (only the page allocator looked at PF_MEMALLOC_NOIO).
    """
    task, process = k.current, k.process
    start = k.loop.now
    k.vmstat.memcg_reclaims += 1
    mask = k.hooks.derive_gfp(memcg_reclaim(gfp, task.flags)) | _RECLAIM_PLACEMENT
    had = task.flags & PF_MEMALLOC
    task.flags |= PF_MEMALLOC
    sc = ScanControl(k, mask, target=memcg, nr_to_reclaim=max(nr, SWAP_CLUSTER_MAX))
    sc.debt_ns += costs.RECLAIM_CALL_NS
    if k.trace is not None:
        k.tracepoint("mm_vmscan_memcg_reclaim_begin", order=0, gfp_flags=mask)
    freed = yield from do_try_to_free_pages(k, sc)
    if k.trace is not None:
        k.tracepoint("mm_vmscan_memcg_reclaim_end", nr_reclaimed=sc.nr_reclaimed)
    if not had:
        task.flags &= ~PF_MEMALLOC
    spent = k.loop.now - start
    process.reclaim_ns += spent
    memcg.reclaim_ns += spent
    return freed


def mem_cgroup_shrink_node_zone(k: Kernel, memcg: MemCgroup, gfp: int) -> Steps:
    """Soft-limit reclaim of one memcg, every list in full (priority 0): pages freed, scanned."""
    sc = ScanControl(k, gfp | _RECLAIM_PLACEMENT, target=memcg, priority=0)
    k.tracepoint("mm_vmscan_memcg_softlimit_reclaim_begin", order=0, gfp_flags=sc.gfp)
    yield from shrink_lruvec(k, memcg.lruvec, sc, memcg)
    if not paid(k, sc):
        yield from pay(sc)
    k.tracepoint("mm_vmscan_memcg_softlimit_reclaim_end", nr_reclaimed=sc.nr_reclaimed)
    return sc.nr_reclaimed, sc.nr_scanned
