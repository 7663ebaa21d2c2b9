"""One batch: pages off the tail of an inactive list, and what becomes of each.

Follows shrink_inactive_list() and shrink_page_list() of mm/vmscan.c of v3.10; names of later
versions (shrink_folio_list) are given by names.py when a stack is shown. The fate of pages under
writeback and of dirty pages, the sleep after the batch and the flusher's wake-up are asked of the
policies.

Departures: a batch that lies within one extent of pages that cannot be freed is looked at together
with the batches that follow it, if no policy wants to sleep or to wake anyone after it; CPU time of
several batches passes in one step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from reclaimlab.kernel import (
    backing_dev,
    clean_tail,
    costs,
    filemap,
    fs_writeback,
    reclaim_throttle,
    swap,
)
from reclaimlab.kernel.scan_control import SWAP_CLUSTER_MAX, TIME_STEP_NS, ScanControl, ShrinkStat
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

FREEABLE = frozenset({0, 4})
"""States (see scan_state) of pages that reclaim can free on the spot."""
DIRTY_OR_WRITEBACK = 3
"""The part of such a state that rules about whole batches go by."""
MAX_BULK = 1024
"""Most pages looked at in one step when nothing can come of it; a quarter of a millisecond."""


def may_enter_fs(extent: Extent, gfp: int) -> bool:
    """Return whether reclaim with mask ``gfp`` may wait for this page's filesystem."""
    return bool(gfp & GFP_FS) or (extent.swapcache and bool(gfp & GFP_IO))


def isolate_lru_pages(lru: LruList, quota: int) -> list[Extent]:
    """Take a batch off the tail of ``lru``: for each 32 of ``quota`` 32 pages, or a larger folio.

    isolate_lru_folios() stops once it has taken nr_to_scan (32) pages, in whole folios; the
    caller's quota shrinks by 32 all the same. So lists of folios of 1 MiB are scanned eight times
    over.
    """
    batch: list[Extent] = []
    end = lru.head_end
    while quota > 0 and (extent := end.newer) is not end:
        folio, want = extent.folio_pages, quota
        if folio > 1:
            weight = pages_per_quota(folio)
            want = -(-quota * weight // folio) * folio
        if extent.nr > want:
            extent.mapping.split(extent, want)
        lru.remove(extent)
        batch.append(extent)
        quota -= -(-extent.nr // weight) if folio > 1 else extent.nr
    return batch


def pages_per_quota(folio_pages: int) -> int:
    """Return how many pages of such folios one page of quota buys: 1 up to folios of 32 pages."""
    return folio_pages // SWAP_CLUSTER_MAX or 1


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
            if decision.action is Action.WAIT:
                stat.folios -= -(-nr // extent.folio_pages)
                stat.scanned -= nr
                stat.nr_dirty -= nr
                return position  # and counted when it is looked at again
            extent.reclaim = extent.reclaim or decision.mark_reclaim
            if decision.immediate:
                stat.nr_immediate += nr
            else:
                stat.nr_writeback += nr
            (stat.activated if decision.action is Action.ACTIVATE else stat.kept).append(extent)
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
            if choice.action is Action.PAGEOUT:
                return position
            extent.reclaim = extent.reclaim or choice.mark_reclaim
            k.vmstat.nr_vmscan_immediate_reclaim += nr
            (stat.activated if choice.action is Action.ACTIVATE else stat.kept).append(extent)
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


def putback_inactive_pages(k: Kernel, lru: LruList, lruvec: Lruvec, stat: ShrinkStat) -> None:
    """Return what was not freed: kept pages to their list's head, others to the active head."""
    for extent in stat.kept:
        if extent.nr:
            lru.put_back_head(extent)
    active = lruvec.active_file if lru.file else lruvec.active_anon
    for extent in stat.activated:
        if extent.nr:
            nr = extent.nr
            active.put_back_head(extent)
            lruvec.recent_rotated[lru.file] += nr
            k.vmstat.pgactivate += nr


def scan_state(extent: Extent) -> int:
    """Return in one number what decides on the fate of a page; see FREEABLE."""
    return (
        extent.dirty
        | (extent.unit is not None) << 1
        | extent.reclaim << 2
        | (extent.mapped and extent.referenced) << 3
        | (extent.mapped and not extent.swapcache) << 4
    )


def quiet_quota(k: Kernel, lru: LruList, sc: ScanControl, quota: int) -> tuple[int, list[int]]:
    """Return how much of ``quota`` can be spent in one step because nothing can come of it.

    And the states of the extents that were looked at for that, oldest first.

    That is so while the oldest pages are in states of which a batch was looked at in this pass
    (``sc.quiet``), nothing came of it, and nobody wanted to sleep or to wake anyone after it. Whole
    batches only; 0 if it is not even two.
    """
    states: list[int] = []
    if not sc.quiet:
        return 0, states
    most, quiet = min(quota, MAX_BULK), 0
    swappable = may_swap(k, sc)
    extent, end = lru.head_end.newer, lru.head_end
    while quiet < most and extent is not end:
        state = scan_state(extent)
        if state not in sc.quiet or extent.locked is not None or (state & 16 and swappable):
            break
        states.append(state)
        folio = extent.folio_pages
        quiet += extent.nr if folio == 1 else extent.nr // pages_per_quota(folio)
        extent = extent.newer
    batches = min(quiet, most) // SWAP_CLUSTER_MAX
    return batches * SWAP_CLUSTER_MAX if batches > 1 else 0, states


def may_swap(k: Kernel, sc: ScanControl) -> bool:
    """Return whether pages could be written to swap now."""
    return k.swap is not None and (sc.is_kswapd or not k.swap.device.write_congested())


class Fate(NamedTuple):
    """What becomes of pages in one state of which nothing can come."""

    activates: bool
    marks: bool
    immediate: bool


def fate_of(k: Kernel, sc: ScanControl, extent: Extent, state: int) -> Fate:
    """Return the fate of ``extent``, in a state that :func:`quiet_quota` has allowed for."""
    if state & 2:
        decision = sc.writeback_decision(k, extent)
        activates = decision.action is Action.ACTIVATE
        return Fate(activates, decision.mark_reclaim, decision.immediate)
    if state & 8:
        return Fate(activates=True, marks=False, immediate=False)
    if state & 1:
        choice = sc.dirty_decision(k, extent)
        return Fate(choice.action is Action.ACTIVATE, choice.mark_reclaim, immediate=False)
    return Fate(activates=False, marks=False, immediate=False)


def rotate_quiet(
    k: Kernel,
    lru: LruList,
    lruvec: Lruvec,
    sc: ScanControl,
    stat: ShrinkStat,
    quota: int,
    states: list[int],
) -> None:
    """Look at several batches in one step: pages that :func:`quiet_quota` has allowed for."""
    end = lru.head_end
    fates: dict[int, Fate] = {}
    pages_in: dict[int, int] = {}
    for state in states:
        if quota <= 0:
            break
        extent = end.newer
        nr, folio = extent.nr, extent.folio_pages
        weight = pages_per_quota(folio) if folio > 1 else 1
        most = -(-quota * weight // folio) * folio if folio > 1 else quota
        if nr > most:
            extent.mapping.split(extent, most)
            nr = most
        quota -= -(-nr // weight) if folio > 1 else nr
        stat.folios += -(-nr // folio) if folio > 1 else nr
        state |= extent.swapcache << 5
        fate = fates.get(state)
        if fate is None:
            fate = fates[state] = fate_of(k, sc, extent, state)
        pages_in[state] = pages_in.get(state, 0) + nr
        if fate.marks:
            extent.reclaim = True
        if fate.activates:
            if not state & 2:
                extent.referenced = extent.referenced and not state & 8
            lru.remove(extent)
            (lruvec.active_file if lru.file else lruvec.active_anon).put_back_head(extent)
        else:
            lru.rotate(extent)
    for state, nr in pages_in.items():
        _count_rotated(k, lruvec, lru, stat, state, nr, fates[state])
    stat.nr_taken = stat.scanned


def _count_rotated(
    k: Kernel, lruvec: Lruvec, lru: LruList, stat: ShrinkStat, state: int, nr: int, fate: Fate
) -> None:
    stat.scanned += nr
    if fate.activates:
        k.vmstat.pgactivate += nr
        lruvec.recent_rotated[lru.file] += nr
    if state & 2:
        stat.nr_dirty += nr
        stat.nr_congested += nr if state & 4 else 0
        stat.nr_immediate += nr if fate.immediate else 0
        stat.nr_writeback += 0 if fate.immediate else nr
    elif state & 1 and not state & 8:
        stat.nr_dirty += nr
        stat.nr_unqueued_dirty += nr


def shrink_inactive_list(
    k: Kernel, quota: int, lruvec: Lruvec, lru: LruList, sc: ScanControl
) -> Steps:
    """Look at a batch from the tail of an inactive list, then sleep if the policy says so.

    Gives the quota spent: 32, or more where nothing could come of looking at it.
    """
    zone = k.zone
    while too_many_isolated(k, lru, sc):
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
    if slept or woke or throttle is not None or not states.isdisjoint(FREEABLE):
        sc.quiet.clear()
    elif all(state & DIRTY_OR_WRITEBACK == 1 for state in states):
        sc.quiet |= states
    else:  # A mixed batch says nothing of one that is all dirty, which wakes or waits.
        sc.quiet |= {state for state in states if state & DIRTY_OR_WRITEBACK != 1}
    if k.loop.timeless and not (slept or woke or throttle is not None):
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
        costs.scan_ns(nr, stat.folios, stat.scanned, has_folios=k.features.folio_names)
        + stat.nr_reclaimed * costs.FREE_PAGE_NS
    )
    sc.count(k, stat.scanned, stat.nr_reclaimed)


def after_batch(k: Kernel, sc: ScanControl, stat: ShrinkStat) -> tuple[Throttle | None, bool]:
    """Set the zone's flags; return the sleep and whether flushers were woken, as policies say."""
    zone = k.zone
    before = (zone.writeback, zone.dirty, zone.congested)
    if k.features.zone_writeback_flag and stat.nr_writeback and stat.nr_writeback == stat.nr_taken:
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


def pay(sc: ScanControl) -> Steps:
    """Let the CPU time pass that scanning has used up."""
    if sc.debt_ns:
        debt, sc.debt_ns = sc.debt_ns * sc.slowdown, 0
        yield debt


def paid(k: Kernel, sc: ScanControl) -> bool:
    """Do the same at once, if nobody else is due meanwhile; return whether nothing is owed now."""
    if sc.debt_ns:
        if not k.loop.elapse(sc.debt_ns * sc.slowdown):
            return False
        sc.debt_ns = 0
    return True


def too_many_isolated(k: Kernel, lru: LruList, sc: ScanControl) -> bool:
    """Return whether direct reclaimers hold more isolated pages than the inactive list has.

    Global direct reclaim only; callers with both FS and IO may isolate only an eighth.
    """
    if sc.is_kswapd or sc.target is not None:
        return False
    inactive = sum(
        (g.lruvec.inactive_file if lru.file else g.lruvec.inactive_anon).nr for g in k.memcgs
    )
    if sc.gfp & (GFP_IO | GFP_FS) == GFP_IO | GFP_FS:
        inactive >>= 3
    return k.zone.isolated[lru.file] > inactive and inactive > 0
