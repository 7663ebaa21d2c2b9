"""One batch: pages off the tail of an inactive list, and what becomes of each.

Follows shrink_inactive_list() and shrink_page_list() of mm/vmscan.c of v3.10; names of later
versions (shrink_folio_list) are given by names.py when a stack is shown. The fate of pages under
writeback and of dirty pages, the sleep after the batch and the flusher's wake-up are asked of the
policies.

Departures: CPU time of several batches passes in one step; batches of which nothing can come are
looked at together (quiet_pages.py), as are clean ones (clean_tail.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.kernel import (
    backing_dev,
    clean_tail,
    costs,
    filemap,
    fs_writeback,
    reclaim_throttle,
    swap,
)
from reclaimlab.kernel.isolation import (
    isolate_lru_pages,
    putback_inactive_pages,
    too_many_isolated,
)
from reclaimlab.kernel.quiet_pages import (
    quiet_quota,
    remember_quiet,
    rotate_quiet,
    scan_state,
)
from reclaimlab.kernel.scan_control import (
    SWAP_CLUSTER_MAX,
    TIME_STEP_NS,
    ScanControl,
    ShrinkStat,
    paid,
    pay,
)
from reclaimlab.kernel.still_pass import still_pass
from reclaimlab.policy.decisions import Action
from reclaimlab.policy.gfp import GFP_FS, GFP_IO
from reclaimlab.units import MSEC

if TYPE_CHECKING:
    from reclaimlab.engine.task import Steps
    from reclaimlab.kernel.folio import Extent, LruList
    from reclaimlab.kernel.kernel import Kernel
    from reclaimlab.kernel.mmzone import Lruvec
    from reclaimlab.policy.decisions import Throttle


WAIT, ACTIVATE, PAGEOUT = Action.WAIT, Action.ACTIVATE, Action.PAGEOUT
"""To name a member of an enumeration costs five times as much as a name of this module."""


def may_enter_fs(extent: Extent, gfp: int) -> bool:
    """Return whether reclaim with mask ``gfp`` may wait for this page's filesystem."""
    return bool(gfp & GFP_FS) or (extent.swapcache and bool(gfp & GFP_IO))


def scan_page_list(
    k: Kernel, batch: list[Extent], at: int, sc: ScanControl, stat: ShrinkStat
) -> int:
    """Decide on the pages of ``batch`` from ``at`` on; return where one needs sleep, else -1.

    The part of shrink_page_list() that cannot block.
    """
    swap_congested = k.swap is not None and k.swap.device.write_congested()
    for position in range(at, len(batch)):
        extent = batch[position]
        nr = extent.nr
        if not nr:
            continue  # truncated while it was isolated
        stat.folios += -(-nr // extent.folio_pages)
        stat.scanned += nr
        if extent.locked is not None:
            stat.kept.append(extent)
            continue
        if extent.unit is not None:
            stat.nr_dirty += nr
            if extent.reclaim:
                stat.nr_congested += nr
                if stat.slow is None and may_enter_fs(extent, sc.gfp):
                    stat.slow = extent
                if stat.slow_io is None and sc.gfp & GFP_IO:
                    stat.slow_io = extent
            decision = sc.writeback_decision(k, extent)
            action = decision.action
            if action is WAIT:
                stat.folios -= -(-nr // extent.folio_pages)
                stat.scanned -= nr
                stat.nr_dirty -= nr
                return position  # and counted when it is looked at again
            extent.reclaim = extent.reclaim or decision.mark_reclaim
            if decision.immediate:
                stat.nr_immediate += nr
            else:
                stat.nr_writeback += nr
            (stat.activated if action is ACTIVATE else stat.kept).append(extent)
            continue
        if extent.mapped and extent.referenced:
            extent.referenced = False
            stat.activated.append(extent)
            continue
        if extent.dirty:
            stat.nr_dirty += nr
            stat.nr_unqueued_dirty += nr
            if extent.mapping.bdi is not None and extent.mapping.bdi.write_congested():
                stat.nr_congested += nr
            choice = sc.dirty_decision(k, extent)
            if choice.action is PAGEOUT:
                return position
            extent.reclaim = extent.reclaim or choice.mark_reclaim
            k.vmstat.nr_vmscan_immediate_reclaim += nr
            (stat.activated if choice.action is ACTIVATE else stat.kept).append(extent)
            continue
        if not extent.mapping.file and not extent.swapcache:
            if not (sc.may_swap and sc.gfp & GFP_IO and swap.has_room(k, nr)):
                stat.activated.append(extent)
            elif swap_congested and not sc.is_kswapd:
                stat.kept.append(extent)  # may_write_to_queue()
            else:
                return position
            continue
        filemap.remove_mapping(k, extent)
        stat.nr_reclaimed += nr
    return -1


def shrink_page_list(
    k: Kernel, batch: list[Extent], at: int, sc: ScanControl, stat: ShrinkStat
) -> Steps:
    """Do for one page what needs sleep, then go on with the rest; give where to come back, or -1.

    While it waits the page is locked (unless the policy unlocks first), the rest of the batch stays
    isolated, and every lock of the allocating task stays held.
    """
    extent = batch[at]
    if extent.unit is None:
        return (yield from _pageout_one(k, batch, at, sc, stat))
    decision = sc.writeback_decision(k, extent)
    if decision.timeout_ns is not None and extent.nr > extent.folio_pages:
        # Each page waits for itself, so a timed wait takes its folio alone.
        rest = extent.mapping.split(extent, extent.folio_pages)
        batch.insert(at + 1, rest)
    if not decision.unlock_first:
        extent.locked = sc.task
    k.vmstat.writeback_waits += 1
    ended = yield from filemap.wait_on_page_bit(k, extent.unit, decision.timeout_ns)
    if not decision.unlock_first:
        extent.locked = None
    if not ended:
        extent.reclaim = extent.reclaim or decision.mark_reclaim
        stat.nr_writeback += extent.nr
        stat.kept.append(extent)
        at += 1
    return scan_page_list(k, batch, at, sc, stat)


def _pageout_one(
    k: Kernel, batch: list[Extent], at: int, sc: ScanControl, stat: ShrinkStat
) -> Steps:
    extent = batch[at]
    started = yield from pageout(k, extent, sc)
    if started:
        k.vmstat.nr_vmscan_write += extent.nr
        stat.nr_writeback += extent.nr
    stat.kept.append(extent)
    return scan_page_list(k, batch, at + 1, sc, stat)


def pageout(k: Kernel, extent: Extent, sc: ScanControl) -> Steps:
    """Start writeback of one extent from reclaim; give whether it was started.

    Skips a page whose queue is congested. The filesystem may refuse (XFS does in direct reclaim).
    """
    if extent.mapping.file:
        if extent.mapping.bdi is None or extent.mapping.bdi.write_congested():
            return False
        extent.reclaim = True
        started: bool = yield from extent.mapping.a_ops.writepage(k, extent)
        return started
    return (yield from swap.swap_writepage(k, extent, may_block=sc.is_kswapd))


def shrink_inactive_list(
    k: Kernel, quota: int, lruvec: Lruvec, lru: LruList, sc: ScanControl
) -> Steps:
    """Look at a batch from the tail of an inactive list, then sleep if the policy says so.

    Gives the quota spent: 32, or more where nothing could come of looking at it.
    """
    zone = k.zone
    while sc.target is None and too_many_isolated(k, lru, sc):
        yield from reclaim_throttle.congestion_wait(k, 100 * MSEC)
    sc.still = None
    spent = clean_tail.free_clean_batch(k, quota, lruvec, lru, sc)
    if spent:
        if sc.debt_ns > TIME_STEP_NS and not paid(k, sc):
            yield from pay(sc)
        return spent
    stat = ShrinkStat()
    slept = False
    states: set[int] = set()
    met: list[int] = []
    batch: list[Extent] = []
    found: list[int] = []
    if sc.quiet:
        spent, found = quiet_quota(k, lru, sc, quota)
    if spent:
        rotate_quiet(k, lru, lruvec, sc, stat, spent, found)
    else:
        spent = min(quota, SWAP_CLUSTER_MAX)
        batch = isolate_lru_pages(lru, spent)
        if not batch:
            return spent
        nr_taken = 0
        for extent in batch:
            met.append(scan_state(extent))
            nr_taken += extent.nr
        states.update(met)
        stat.nr_taken = nr_taken
        zone.isolated[lru.file] += nr_taken
        at = scan_page_list(k, batch, 0, sc, stat)
        slept = at >= 0
        if slept:
            met, states = [], set()  # after a sleep they say nothing
        while at >= 0:
            at = yield from shrink_page_list(k, batch, at, sc, stat)
        zone.isolated[lru.file] -= nr_taken
        putback_inactive_pages(k, lru, lruvec, stat)
    lruvec.recent_scanned[lru.file] += stat.nr_taken
    account_batches(k, sc, stat, -(-spent // SWAP_CLUSTER_MAX))
    throttle, woke = after_batch(k, sc, stat)
    nobody = not (slept or woke or throttle is not None)
    remember_quiet(sc, states if nobody else None)
    if k.loop.timeless and nobody:
        same = met == [scan_state(extent) for extent in batch]
        sc.still = still_pass(k, lru, batch, sc, stat) if same else None
    if k.trace is not None:
        _trace_batch(k, lru, sc, stat)
    if throttle is not None:
        yield from pay(sc)
        yield from reclaim_throttle.sleep(k, throttle, stat)
    elif sc.debt_ns > TIME_STEP_NS and not paid(k, sc):
        yield from pay(sc)
    return spent


def _trace_batch(k: Kernel, lru: LruList, sc: ScanControl, stat: ShrinkStat) -> None:
    k.tracepoint(
        "mm_vmscan_lru_isolate",
        nr_requested=SWAP_CLUSTER_MAX, nr_scanned=stat.nr_taken, nr_taken=stat.nr_taken,
        file=int(lru.file),
    )  # fmt: skip
    k.tracepoint(
        "mm_vmscan_lru_shrink_inactive",
        nr_scanned=stat.scanned, nr_reclaimed=stat.nr_reclaimed, nr_dirty=stat.nr_dirty,
        nr_writeback=stat.nr_writeback, nr_congested=stat.nr_congested,
        nr_immediate=stat.nr_immediate, nr_activate=sum(extent.nr for extent in stat.activated),
        priority=sc.priority, file=int(lru.file),
    )  # fmt: skip


def account_batches(k: Kernel, sc: ScanControl, stat: ShrinkStat, nr: int) -> None:
    """Add ``nr`` batches to the pass, the memcg and the machine, and note the CPU time."""
    sc.add(stat)
    sc.debt_ns += (
        nr * k.scan_batch_ns
        + stat.folios * k.scan_folio_ns
        + stat.scanned * k.scan_page_ns
        + stat.nr_reclaimed * costs.FREE_PAGE_NS
    )
    sc.count(k, stat.scanned, stat.nr_reclaimed)


def after_batch(k: Kernel, sc: ScanControl, stat: ShrinkStat) -> tuple[Throttle | None, bool]:
    """Set the zone's flags; return the sleep and whether flushers were woken, as policies say."""
    zone = k.zone
    before = (zone.writeback, zone.dirty, zone.congested)
    if stat.nr_writeback == stat.nr_taken > 0 and k.features.zone_writeback_flag:
        zone.writeback = True
    if sc.target is None:
        if stat.nr_dirty and stat.nr_dirty == stat.nr_congested:
            zone.congested = True
        if stat.nr_unqueued_dirty == stat.nr_taken:
            zone.dirty = True
    if before != (zone.writeback, zone.dirty, zone.congested):
        sc.renew_view(k)
    if not (stat.nr_writeback or stat.nr_dirty or stat.nr_immediate):
        return None, False  # nothing in this batch that any rule could sleep or wake for
    progress = sc.batch_progress(stat, bdi_congested=backing_dev.any_congested(k))
    wakeup = k.hooks.decide_flusher_wakeup(progress, sc.view)
    if wakeup.wake:
        fs_writeback.wakeup_flusher_threads(k, wakeup.nr_pages)
    throttle: Throttle = k.hooks.throttle_after_batch(progress, sc.view)
    return (throttle if reclaim_throttle.sleeps(k, throttle) else None), wakeup.wake
