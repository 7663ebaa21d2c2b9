"""The page allocator: watermarks, the slow path with direct reclaim, retries that never end.

Follows mm/page_alloc.c of v3.10 (__alloc_pages_slowpath). In 3.x an allocation of low order without
__GFP_FS neither fails nor kills: it loops in reclaim. Departures: one zone, no compaction, orders
count only by their pages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.kernel import costs, kswapd, oom, reclaim_throttle, vmscan
from reclaimlab.policy.contexts import AllocationView, Stage
from reclaimlab.policy.gfp import GFP_FS, GFP_HIGH, GFP_WAIT, PF_MEMALLOC, PF_WQ_WORKER
from reclaimlab.units import MSEC

if TYPE_CHECKING:
    from reclaimlab.engine.task import Steps
    from reclaimlab.kernel.kernel import Kernel

MAX_RECLAIM_RETRIES = 16


def try_alloc(k: Kernel, nr: int) -> bool:
    """Take ``nr`` pages if free memory stays above the low watermark; return whether it did.

    get_page_from_freelist() with ALLOC_WMARK_LOW: the fast path.
    """
    zone = k.zone
    if zone.free - nr < zone.low_wmark:
        return False
    zone.free -= nr
    return True


def free_pages(k: Kernel, nr: int) -> None:
    """Give pages back to the zone."""
    zone = k.zone
    zone.free += nr
    zone.pages_scanned = 0
    k.progress_ns = k.loop.now


def alloc_pages(
    k: Kernel, gfp: int, nr: int, *, site: str = "alloc_pages", whole: bool = False
) -> Steps:
    """Take ``nr`` pages, reclaiming if need be; give False only where the mask allows failure."""
    if try_alloc(k, nr):
        return True
    return (yield from __alloc_pages_nodemask(k, gfp, nr, site, whole=whole))


def __alloc_pages_nodemask(
    k: Kernel, gfp: int, nr: int, site: str, *, whole: bool = False
) -> Steps:
    """Allocate when the fast path could not; ``whole`` asks for neighbours, all or none."""
    return (yield from __alloc_pages_slowpath(k, gfp, nr, site, whole=whole))


alloc_pages_nodemask = __alloc_pages_nodemask
"""For other files; a second function would show in stacks beside the kernel's name."""


def __alloc_pages_slowpath(k: Kernel, gfp: int, nr: int, site: str, *, whole: bool) -> Steps:
    """Wake kswapd, dip to the min watermark, then reclaim directly, for as long as it takes."""
    zone = k.zone
    kswapd.wakeup_kswapd(k)
    rounds = 0
    while True:
        task = k.current
        floor = zone.min_wmark // 2 if gfp & GFP_HIGH else zone.min_wmark
        if task.flags & PF_MEMALLOC or task.killed:
            floor = 0  # those who free memory, or are dying, may take the last page
        # Single pages are taken one by one, so a run of them empties the zone to the watermark.
        take = min(nr, max(0, zone.free - floor)) if not whole else nr * (zone.free - nr >= floor)
        zone.free -= take
        nr -= take
        if not nr:
            break
        if not gfp & GFP_WAIT:
            zone.free += take
            return False
        mask = gfp_in_context(k, gfp, site)
        progress = yield from vmscan.try_to_free_pages(k, mask)
        if not k.loop.elapse(costs.RECLAIM_CALL_NS):
            yield costs.RECLAIM_CALL_NS
        rounds = 0 if progress else rounds + 1
        if zone.free <= floor:
            yield from _before_retry(k, mask, nr, rounds)
        elif whole and zone.free - nr < floor:
            yield from reclaim_throttle.cond_resched(k)
    k.progress_ns = k.loop.now
    return True


def gfp_in_context(k: Kernel, gfp: int, site: str) -> int:
    """Return the mask that the page allocator leaves after a look at the task's flags."""
    view = AllocationView(
        Stage.PAGE_ALLOCATOR,
        gfp,
        k.current.flags,
        site,
        "",
        km_nofs=False,
        aop_nofs=False,
        filesystem="",
    )
    return k.hooks.derive_gfp(view)


def _before_retry(k: Kernel, gfp: int, nr: int, rounds: int) -> Steps:
    """What happens between two rounds of direct reclaim."""
    if (
        rounds
        and gfp & GFP_FS
        and (not k.features.page_alloc_gives_up or rounds > MAX_RECLAIM_RETRIES)
    ):
        yield from oom.out_of_memory(k, nr)
    if k.features.page_alloc_gives_up:
        reclaimable = vmscan.zone_reclaimable_pages(k)
        if rounds and 2 * k.nr_writeback > reclaimable:
            yield from reclaim_throttle.congestion_wait(k, 100 * MSEC)
        elif k.current.flags & PF_WQ_WORKER:
            # A worker that loops without sleeping would hide from its pool.
            yield k.reclaim_wait_congested.for_at_most(k.jiffy_ns)
        return
    yield from reclaim_throttle.wait_iff_congested(k, 20 * MSEC)
