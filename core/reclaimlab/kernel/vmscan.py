"""Page reclaim: batches of 32 from the tail of the inactive list, and what becomes of each page.

Follows mm/vmscan.c of v3.10; names of later versions (shrink_folio_list, shrink_node) are given by
names.py when a stack is shown. What later versions changed is asked of the policies: the fate of
pages under writeback and of dirty pages, the sleep after a batch and after a pass, the flusher's
wake-up.

Departures: a batch that lies within one extent of pages that cannot be freed is looked at together
with the batches that follow it, if no policy wants to sleep or to wake anyone after it; CPU time of
several batches passes in one step.
"""

from __future__ import annotations

from math import isqrt
from typing import TYPE_CHECKING

from reclaimlab.kernel import (
    backing_dev,
    costs,
    filemap,
    fs_writeback,
    memcontrol,
    reclaim_throttle,
    shrinker,
    swap,
)
from reclaimlab.kernel.scan_control import DEF_PRIORITY, SWAP_CLUSTER_MAX, ScanControl, ShrinkStat
from reclaimlab.policy.contexts import AllocationView, Stage
from reclaimlab.policy.decisions import Action
from reclaimlab.policy.gfp import (
    GFP_FS,
    GFP_HIGHUSER_MOVABLE,
    GFP_IO,
    GFP_WAIT,
    PF_KSWAPD,
    PF_MEMALLOC,
)
from reclaimlab.units import GIB, MSEC, PAGE_SIZE

if TYPE_CHECKING:
    from reclaimlab.engine.task import Steps
    from reclaimlab.kernel.folio import Extent, LruList
    from reclaimlab.kernel.kernel import Kernel
    from reclaimlab.kernel.memcontrol import MemCgroup
    from reclaimlab.kernel.mmzone import Lruvec
    from reclaimlab.policy.decisions import Throttle

FREEABLE = frozenset({0, 4})
"""States (see scan_state) of pages that reclaim can free on the spot."""
MAX_BULK = 1024
"""Most pages looked at in one step when nothing can come of it; a quarter of a millisecond."""
TIME_STEP_NS = 200_000
"""CPU time that may pass in one step of simulated time: far below any timer of the model."""
_RECLAIM_PLACEMENT = GFP_HIGHUSER_MOVABLE & ~(GFP_IO | GFP_FS | GFP_WAIT)


# ---- one batch ----------------------------------------------------------------------------------


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
    while quota > 0:
        extent = lru.tail
        if extent is None:
            break
        unit = extent.folio_pages
        weight = pages_per_quota(unit)
        want = -(-quota * weight // unit) * unit
        if extent.nr > want:
            extent.mapping.split(extent, want)
        lru.remove(extent)
        batch.append(extent)
        quota -= -(-extent.nr // weight)
    return batch


def pages_per_quota(folio_pages: int) -> int:
    """Return how many pages of such folios one page of quota buys: 1 up to folios of 32 pages."""
    return max(folio_pages // SWAP_CLUSTER_MAX, 1)


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


def quiet_quota(k: Kernel, lru: LruList, sc: ScanControl, quota: int) -> int:
    """Return how much of ``quota`` can be spent in one step because nothing can come of it.

    That is so while the oldest pages are in states of which a batch was looked at in this pass
    (``sc.quiet``), nothing came of it, and nobody wanted to sleep or to wake anyone after it. Whole
    batches only; 0 if it is not even two.
    """
    if not sc.quiet:
        return 0
    most, quiet = min(quota, MAX_BULK), 0
    may_swap = k.swap is not None and (sc.is_kswapd or not k.swap.device.write_congested())
    for extent in lru:
        state = scan_state(extent)
        if state not in sc.quiet or extent.locked is not None or (state & 16 and may_swap):
            break
        quiet += extent.nr // pages_per_quota(extent.folio_pages)
        if quiet >= most:
            break
    batches = min(quiet, most) // SWAP_CLUSTER_MAX
    return batches * SWAP_CLUSTER_MAX if batches > 1 else 0


def rotate_quiet(
    k: Kernel, lru: LruList, lruvec: Lruvec, sc: ScanControl, stat: ShrinkStat, quota: int
) -> None:
    """Look at several batches in one step: pages that :func:`quiet_quota` has allowed for."""
    left = quota
    active = lruvec.active_file if lru.file else lruvec.active_anon
    while left > 0 and (extent := lru.tail) is not None:
        state = scan_state(extent)
        weight = pages_per_quota(extent.folio_pages)
        most = -(-left * weight // extent.folio_pages) * extent.folio_pages
        if extent.nr > most:
            extent.mapping.split(extent, most)
        nr = extent.nr
        left -= -(-nr // weight)
        lru.remove(extent)
        stat.folios += -(-nr // extent.folio_pages)
        stat.scanned += nr
        activates = False
        if state & 2:
            decision = sc.writeback_decision(k, extent)
            activates = decision.action is Action.ACTIVATE
            stat.nr_dirty += nr
            stat.nr_congested += nr if extent.reclaim else 0
            stat.nr_immediate += nr if decision.immediate else 0
            stat.nr_writeback += 0 if decision.immediate else nr
            extent.reclaim = extent.reclaim or decision.mark_reclaim
        elif state & 8:
            extent.referenced = False
            activates = True
        elif state & 1:
            choice = sc.dirty_decision(k, extent)
            activates = choice.action is Action.ACTIVATE
            stat.nr_dirty += nr
            stat.nr_unqueued_dirty += nr
            extent.reclaim = extent.reclaim or choice.mark_reclaim
        if activates:
            k.vmstat.pgactivate += nr
            lruvec.recent_rotated[lru.file] += nr
        (active if activates else lru).put_back_head(extent)
    stat.nr_taken = stat.scanned


def shrink_inactive_list(
    k: Kernel, quota: int, lruvec: Lruvec, lru: LruList, sc: ScanControl
) -> Steps:
    """Look at a batch from the tail of an inactive list, then sleep if the policy says so.

    Gives the quota spent: 32, or more where nothing could come of looking at it.
    """
    zone = k.zone
    while too_many_isolated(k, lru, sc):
        yield from reclaim_throttle.congestion_wait(k, 100 * MSEC)
    stat = ShrinkStat()
    slept = False
    states: set[int] = set()
    spent = quiet_quota(k, lru, sc, quota)
    if spent:
        rotate_quiet(k, lru, lruvec, sc, stat, spent)
    else:
        spent = min(quota, SWAP_CLUSTER_MAX)
        batch = isolate_lru_pages(lru, spent)
        if not batch:
            return spent
        states = {scan_state(extent) for extent in batch}
        nr_taken = stat.nr_taken = sum(extent.nr for extent in batch)
        zone.isolated[lru.file] += nr_taken
        at = scan_page_list(k, batch, 0, sc, stat)
        slept = at >= 0
        while at >= 0:
            at = yield from shrink_page_list(k, batch, at, sc, stat)
        zone.isolated[lru.file] -= nr_taken
        putback_inactive_pages(k, lru, lruvec, stat)
    lruvec.recent_scanned[lru.file] += stat.nr_taken
    account_batch(k, sc, stat)
    throttle, woke = after_batch(k, sc, stat)
    if slept or woke or throttle is not None or not states.isdisjoint(FREEABLE):
        sc.quiet.clear()
    else:
        sc.quiet |= states
    if throttle is not None:
        yield from pay(sc)
        yield from reclaim_throttle.sleep(k, throttle, stat)
    elif sc.debt_ns > TIME_STEP_NS:
        yield from pay(sc)
    return spent


def account_batch(k: Kernel, sc: ScanControl, stat: ShrinkStat) -> None:
    """Add one batch to the pass, the memcg and the machine, and note the CPU time it took."""
    sc.add(stat)
    sc.nr_scanned += stat.scanned
    sc.debt_ns += (
        stat.folios * costs.SCAN_FOLIO_NS
        + stat.scanned * costs.SCAN_PAGE_NS
        + stat.nr_reclaimed * costs.FREE_PAGE_NS
    )
    k.vmstat.pgscan += stat.scanned
    k.vmstat.pgsteal += stat.nr_reclaimed
    k.zone.pages_scanned += stat.scanned
    if sc.target is not None:
        sc.target.pgscan += stat.scanned
        sc.target.pgsteal += stat.nr_reclaimed


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
        debt, sc.debt_ns = sc.debt_ns, 0
        yield debt


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


# ---- one list -----------------------------------------------------------------------------------


def shrink_active_list(
    k: Kernel, nr_to_scan: int, lruvec: Lruvec, active: LruList, sc: ScanControl
) -> None:
    """Move pages from the tail of an active list to the head of its inactive one."""
    inactive = lruvec.inactive_file if active.file else lruvec.inactive_anon
    batch = isolate_lru_pages(active, nr_to_scan)
    nr = 0
    for extent in batch:
        nr += extent.nr
        if extent.mapped and extent.referenced:
            lruvec.recent_rotated[active.file] += extent.nr
        extent.referenced = extent.referenced and not extent.mapped
        inactive.put_back_head(extent)
        sc.debt_ns += extent.nr // extent.folio_pages * costs.SCAN_FOLIO_NS // 2
    lruvec.recent_scanned[active.file] += nr
    k.vmstat.pgdeactivate += nr


def inactive_list_is_low(k: Kernel, inactive: int, active: int, *, file: bool) -> bool:
    """Return whether the inactive list is short against the active one."""
    if file and not k.features.file_inactive_ratio:
        return active > inactive
    gigabytes = (inactive + active) * PAGE_SIZE // GIB
    return inactive * max(1, isqrt(10 * gigabytes)) < active


def get_scan_count(k: Kernel, lruvec: Lruvec, sc: ScanControl, memcg: MemCgroup) -> list[int]:
    """Return how many pages to scan: inactive anon, active anon, inactive file, active file."""
    lists = (lruvec.inactive_anon, lruvec.active_anon, lruvec.inactive_file, lruvec.active_file)
    force = sc.target is not None or (sc.is_kswapd and k.zone.all_unreclaimable)
    scans = []
    for lru in lists:
        scan = lru.nr >> sc.priority
        scans.append(min(lru.nr, SWAP_CLUSTER_MAX) if not scan and force else scan)
    swappiness = k.swappiness if memcg.swappiness is None else memcg.swappiness
    if (
        k.swap is None
        or not swap.has_room(k, 1)
        or not sc.may_swap
        or (sc.target is not None and not swappiness)
    ):
        return [0, 0, scans[2], scans[3]]
    if not sc.priority and swappiness:
        return scans
    if not inactive_list_is_low(k, lruvec.inactive_file.nr, lruvec.active_file.nr, file=True):
        return [0, 0, scans[2], scans[3]]
    return _balance(lruvec, swappiness, scans)


def _balance(lruvec: Lruvec, swappiness: int, scans: list[int]) -> list[int]:
    """Divide the scan between anon and file by how often each was found in use."""
    scanned, rotated = lruvec.recent_scanned, lruvec.recent_rotated
    for kind, size in ((0, lruvec.nr_anon), (1, lruvec.nr_file)):
        if scanned[kind] > size // 4:
            scanned[kind] //= 2
            rotated[kind] //= 2
    anon = swappiness * (scanned[0] + 1) // (rotated[0] + 1)
    file = (200 - swappiness) * (scanned[1] + 1) // (rotated[1] + 1)
    total = anon + file + 1
    return [
        scans[0] * anon // total,
        scans[1] * anon // total,
        scans[2] * file // total,
        scans[3] * file // total,
    ]


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
    limit = k.global_domain.dirty_limit if k.global_domain is not None else 0
    while k.features.legacy_block_queue and limit and k.nr_writeback > limit + limit // 10:
        yield from reclaim_throttle.congestion_wait(k, 100 * MSEC)
        if sc.gfp & (GFP_FS | GFP_IO) != GFP_FS | GFP_IO:
            break


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
    for priority in range(DEF_PRIORITY, -1, -1):
        sc.start_pass(k, priority)
        yield from shrink_zones(k, sc)
        if sc.target is None or k.features.memcg_shrinkers:
            yield from shrinker.shrink_slab(k, sc)
        sc.total_scanned += sc.nr_scanned
        if sc.nr_reclaimed >= sc.nr_to_reclaim:
            break
        yield from after_pass(k, sc)
    yield from pay(sc)
    if sc.nr_reclaimed or sc.target is not None:
        return sc.nr_reclaimed
    return 0 if zone_unreclaimable(k) else 1


def after_pass(k: Kernel, sc: ScanControl) -> Steps:
    """Wake the flushers and sleep after one priority, as the policies say."""
    if not (sc.nr_scanned or sc.total_scanned):
        return
    progress = sc.pass_progress(bdi_congested=backing_dev.any_congested(k))
    wakeup = k.hooks.decide_flusher_wakeup(progress, sc.view)
    if wakeup.wake:
        fs_writeback.wakeup_flusher_threads(k, wakeup.nr_pages)
    throttle = k.hooks.throttle_after_pass(progress, sc.view)
    if reclaim_throttle.sleeps(k, throttle):
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
    progress = yield from do_try_to_free_pages(k, sc)
    if not had:
        task.flags &= ~PF_MEMALLOC
    process.reclaim_ns += k.loop.now - start
    return progress


def try_to_free_mem_cgroup_pages(k: Kernel, memcg: MemCgroup, gfp: int, nr: int) -> Steps:
    """Hard-limit reclaim for a charge of ``nr`` pages; give the pages freed.

    The mask is the caller's. Whether task flags reach it is the version's answer: they did not in
    2013 (only the page allocator looked at PF_MEMALLOC_NOIO).
    """
    task, process = k.current, k.process
    start = k.loop.now
    k.vmstat.memcg_reclaims += 1
    allocation = AllocationView(
        Stage.MEMCG_RECLAIM,
        gfp,
        task.flags,
        "try_to_free_mem_cgroup_pages",
        "",
        km_nofs=False,
        aop_nofs=False,
        filesystem="",
    )
    mask = k.hooks.derive_gfp(allocation) | _RECLAIM_PLACEMENT
    had = task.flags & PF_MEMALLOC
    task.flags |= PF_MEMALLOC
    sc = ScanControl(k, mask, target=memcg, nr_to_reclaim=max(nr, SWAP_CLUSTER_MAX))
    sc.debt_ns += costs.RECLAIM_CALL_NS
    freed = yield from do_try_to_free_pages(k, sc)
    if not had:
        task.flags &= ~PF_MEMALLOC
    spent = k.loop.now - start
    process.reclaim_ns += spent
    memcg.reclaim_ns += spent
    return freed


def mem_cgroup_shrink_node_zone(k: Kernel, memcg: MemCgroup, gfp: int) -> Steps:
    """Soft-limit reclaim of one memcg, every list in full (priority 0): pages freed, scanned."""
    sc = ScanControl(k, gfp | _RECLAIM_PLACEMENT, target=memcg, priority=0)
    yield from shrink_lruvec(k, memcg.lruvec, sc, memcg)
    yield from pay(sc)
    return sc.nr_reclaimed, sc.nr_scanned


# ---- kswapd -------------------------------------------------------------------------------------


def wakeup_kswapd(k: Kernel) -> None:
    """Wake kswapd if it idles."""
    k.zone.kswapd_wait.wake_one()


def kswapd(k: Kernel) -> Steps:
    """The thread that keeps the zone above its high watermark."""
    zone = k.zone
    while True:
        if zone.free >= zone.low_wmark or zone.kswapd_failures >= 16:
            yield zone.kswapd_wait
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
        yield from shrink_zone(k, sc)
        yield from shrinker.shrink_slab(k, sc)
        sc.total_scanned += sc.nr_scanned
        yield from after_pass(k, sc)
        yield from pay(sc)
        zone_unreclaimable(k)
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
