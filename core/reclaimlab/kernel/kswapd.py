"""kswapd: the thread that reclaims before allocations have to.

Follows kswapd() and balance_pgdat() of mm/vmscan.c of v3.10.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.kernel import costs, memcontrol, reclaim_throttle, shrinker, vmscan
from reclaimlab.kernel.scan_control import DEF_PRIORITY, SWAP_CLUSTER_MAX, ScanControl, paid, pay
from reclaimlab.policy.gfp import GFP_FS, GFP_IO, GFP_WAIT, PF_KSWAPD, PF_MEMALLOC
from reclaimlab.units import MSEC

if TYPE_CHECKING:
    from reclaimlab.engine.task import Steps
    from reclaimlab.kernel.kernel import Kernel


def wakeup_kswapd(k: Kernel) -> None:
    """Wake kswapd if it idles."""
    if k.zone.kswapd_wait.wake_one():
        k.tracepoint("mm_vmscan_wakeup_kswapd", nid=0, order=0)


def kswapd(k: Kernel) -> Steps:
    """The thread that keeps the zone above its high watermark."""
    zone = k.zone
    while True:
        if zone.free >= zone.low_wmark or zone.kswapd_failures >= 16:
            k.tracepoint("mm_vmscan_kswapd_sleep", nid=0)
            yield zone.kswapd_wait
            k.tracepoint("mm_vmscan_kswapd_wake", nid=0, order=0)
        yield from balance_pgdat(k)


def balance_pgdat(k: Kernel) -> Steps:
    """Reclaim until free pages are above the high watermark, or nothing helps."""
    zone = k.zone
    k.current.flags |= PF_MEMALLOC | PF_KSWAPD
    mask = GFP_IO | GFP_FS | GFP_WAIT
    priority = DEF_PRIORITY
    freed_any = False
    while zone.free <= zone.high_wmark and priority >= 0:
        sc = ScanControl(k, mask, target=None, nr_to_reclaim=SWAP_CLUSTER_MAX, priority=priority)
        if k.features.soft_limit_reclaim:
            freed, scanned = yield from memcontrol.mem_cgroup_soft_limit_reclaim(k, sc.gfp)
            sc.nr_reclaimed += freed
            sc.nr_scanned += scanned
        sc.nr_to_reclaim = max(SWAP_CLUSTER_MAX, zone.high_wmark)
        yield from vmscan.shrink_zone(k, sc)
        yield from shrinker.shrink_slab(k, sc)
        sc.total_scanned += sc.nr_scanned
        throttle = vmscan.end_pass(k, sc)
        if throttle is not None:
            yield from vmscan.after_pass(k, sc, throttle)
        if not paid(k, sc):
            yield from pay(sc)
        vmscan.zone_unreclaimable(k)
        freed_any = freed_any or sc.nr_reclaimed > 0
        priority = DEF_PRIORITY if sc.nr_reclaimed >= SWAP_CLUSTER_MAX else priority - 1
        yield costs.RECLAIM_CALL_NS
    zone.kswapd_failures = (
        0 if freed_any or zone.free > zone.high_wmark else zone.kswapd_failures + 1
    )
    if zone.free > zone.high_wmark:
        zone.writeback = zone.dirty = zone.congested = False
    elif zone.kswapd_failures:
        yield from reclaim_throttle.congestion_wait(k, 100 * MSEC)
