"""Throttling of dirtiers inside write(2): balance_dirty_pages().

Follows mm/page-writeback.c of v3.10, with the second domain of v4.2. The policy says in which
domains a task is held back; the formulas are the kernel's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from reclaimlab.engine.wait import WaitQueue
from reclaimlab.kernel import fs_writeback
from reclaimlab.kernel.bdi_writeback import (
    BANDWIDTH_INTERVAL_NS,
    RATIO_SHIFT,
    BdiWriteback,
    update_dirty_ratelimit,
    update_write_bandwidth,
)
from reclaimlab.kernel.dirty_domain import DirtyDomain, DirtyState, position_ratio, wb_dirty_limit
from reclaimlab.policy.contexts import DirtierView
from reclaimlab.units import MSEC, SEC

if TYPE_CHECKING:
    from reclaimlab.engine.task import Steps
    from reclaimlab.kernel.folio import Mapping
    from reclaimlab.kernel.kernel import Kernel
    from reclaimlab.kernel.process import Process

MAX_PAUSE_NS = 200 * MSEC
DIRTY_POLL_THRESH = 32


class Held(NamedTuple):
    """One domain as it holds this task back."""

    domain: DirtyDomain
    state: DirtyState
    wb_thresh: int
    wb_dirty: int
    pos_ratio: int


def balance_dirty_pages_ratelimited(k: Kernel, mapping: Mapping, process: Process) -> bool:
    """Return whether ``process`` has dirtied its ration and must go to balance_dirty_pages().

    Not if it could go on there at once, as it mostly can.
    """
    wb = mapping.wb
    if wb is None:
        return False
    if process.nr_dirtied < process.nr_dirtied_pause and not (
        wb.dirty_exceeded and process.nr_dirtied >= 8
    ):
        return False
    return not is_in_freerun(k, mapping, process)


def domains_of(k: Kernel, mapping: Mapping, process: Process) -> list[DirtyDomain]:
    """Return the domains in which the policy holds ``process`` back."""
    memcg = process.memcg
    view = DirtierView(k.current.flags, mapping.a_ops.type, not memcg.is_root, k.cgroup)
    answer = k.hooks.throttle_dirty(view)
    domains = [k.global_domain] if answer.in_global_domain else []
    if answer.in_memcg_domain and not memcg.is_root:
        if memcg.domain is None:
            memcg.domain = DirtyDomain(memcg)
        domains.append(memcg.domain)
    return domains


def _held(k: Kernel, domain: DirtyDomain, state: DirtyState, wb: BdiWriteback) -> Held:
    wb_thresh = wb_dirty_limit(k, domain, wb, state.thresh)
    if domain.memcg is not None and wb.memcg is None:
        wb_dirty = state.dirty  # throttled by memcg on a shared flusher
    else:
        wb_dirty = wb.nr_dirty + wb.nr_writeback
    return Held(domain, state, wb_thresh, wb_dirty, position_ratio(state, wb, wb_thresh, wb_dirty))


def is_in_freerun(k: Kernel, mapping: Mapping, process: Process) -> bool:
    """Let ``process`` go on if it is held back in no domain now; return whether it is not.

    The common case of :func:`balance_dirty_pages`, which nothing can wait in.
    """
    domains = domains_of(k, mapping, process)
    if not domains or domains[0] is not k.global_domain:
        return False
    levels = [domain.levels(k) for domain in domains]
    for dirty, thresh, bg_thresh in levels:
        if dirty > (thresh + bg_thresh) // 2:
            return False
    _grant_ration(k, process, [thresh - dirty for dirty, thresh, _ in levels])
    if k.nr_dirty > levels[0][2]:
        fs_writeback.wb_start_background_writeback(mapping.wb)
    return True


def _grant_ration(k: Kernel, process: Process, left: list[int]) -> None:
    """Let ``process`` dirty so much until the next look; ``left``: pages below each threshold."""
    process.dirty_paused_ns = k.loop.now
    process.nr_dirtied = 0
    process.nr_dirtied_pause = dirty_poll_interval(min(left))


def balance_dirty_pages(k: Kernel, mapping: Mapping, process: Process) -> Steps:
    """Sleep so long that dirty pages stay near the setpoint of the tighter domain."""
    wb: BdiWriteback = mapping.wb
    start = k.loop.now
    pages_dirtied = process.nr_dirtied
    domains = domains_of(k, mapping, process)
    while domains:
        states = [domain.state(k) for domain in domains]
        if all(state.dirty <= state.freerun for state in states):
            _grant_ration(k, process, [state.thresh - state.dirty for state in states])
            break
        held = [_held(k, domain, state, wb) for domain, state in zip(domains, states, strict=True)]
        fs_writeback.wb_start_background_writeback(wb)
        tight = min(held, key=lambda h: h.pos_ratio)
        wb.dirty_exceeded = any(
            h.wb_dirty > h.wb_thresh and h.state.dirty > h.state.thresh for h in held
        )
        update_bandwidth(k, wb, tight, start)
        pause, done = _pause(k, wb, tight, process, pages_dirtied)
        if k.trace is not None:
            _trace_balance(k, wb, tight, pages_dirtied, pause)
        if pause > 0:
            yield from io_schedule_timeout(k, pause)
            process.throttled_ns += pause
        process.dirty_paused_ns = k.loop.now
        if done or k.current.killed:
            process.nr_dirtied = 0
            break
        if tight.pos_ratio and tight.wb_dirty <= 8:
            process.nr_dirtied = 0
            break
    if not domains:
        process.nr_dirtied = 0
    # A memcg's own background threshold wakes nobody: its flusher is woken over freerun, above.
    if domains and k.nr_dirty > k.global_domain.state(k).bg_thresh:
        fs_writeback.wb_start_background_writeback(wb)


def _trace_balance(
    k: Kernel, wb: BdiWriteback, tight: Held, pages_dirtied: int, pause_ns: int
) -> None:
    k.tracepoint(
        "balance_dirty_pages", bdi=wb.name,
        limit=tight.state.thresh, setpoint=tight.state.setpoint, dirty=tight.state.dirty,
        bdi_setpoint=tight.wb_thresh, bdi_dirty=tight.wb_dirty,
        dirty_ratelimit=wb.dirty_ratelimit, dirtied=pages_dirtied, pause=pause_ns // MSEC,
    )  # fmt: skip


def io_schedule_timeout(k: Kernel, pause_ns: int) -> Steps:
    """Sleep killably for a pause."""
    yield WaitQueue(k.loop, "balance_dirty_pages", state="K").for_at_most(pause_ns)


def dirty_poll_interval(left: int) -> int:
    """Return how many pages may be dirtied before the next look: the root of what is left."""
    return 1 << (left.bit_length() - 1 >> 1) if left > 0 else 1


def _pause(
    k: Kernel, wb: BdiWriteback, tight: Held, process: Process, pages_dirtied: int
) -> tuple[int, bool]:
    """Return the pause in ns and whether it settles this task's debt; sets its next ration."""
    longest = max_pause(k, wb, tight.wb_dirty)
    shortest, ration = min_pause(k, wb, longest, tight.pos_ratio)
    task_rate = wb.dirty_ratelimit * tight.pos_ratio >> RATIO_SHIFT
    if not task_rate:
        process.nr_dirtied_pause = ration
        return longest, False
    period = SEC * pages_dirtied // task_rate
    pause = period
    if process.dirty_paused_ns:
        pause -= k.loop.now - process.dirty_paused_ns
    if pause < shortest:
        if pause < -SEC:
            process.dirty_paused_ns = k.loop.now
        elif period:
            process.dirty_paused_ns += period
            process.nr_dirtied_pause = ration
            process.nr_dirtied = 0
            return 0, True
        process.nr_dirtied_pause = ration
        return 0, True
    process.nr_dirtied_pause = ration
    return min(pause, longest), True


def max_pause(k: Kernel, wb: BdiWriteback, wb_dirty: int) -> int:
    """Return about the time in which an eighth of what is dirty is written, at most 200 ms."""
    divisor = 1 + wb.avg_write_bandwidth // (1 << (1 + k.hz // 8 - 1).bit_length())
    return min((wb_dirty // divisor + 1) * k.jiffy_ns, MAX_PAUSE_NS)


def min_pause(k: Kernel, wb: BdiWriteback, longest: int, pos_ratio: int) -> tuple[int, int]:
    """Return the least pause worth sleeping for (ns) and the ration of pages until the next."""
    high = max(0, wb.avg_write_bandwidth.bit_length() - wb.dirty_ratelimit.bit_length())
    target = min(10 * MSEC + 10 * MSEC * high, k.jiffy_ns + longest // 2)
    ratelimit = wb.dirty_ratelimit
    ration = ratelimit * target // SEC
    if ration < DIRTY_POLL_THRESH:
        target = longest
        ration = min(ratelimit * target // SEC, DIRTY_POLL_THRESH)
    task_rate = ratelimit * pos_ratio >> RATIO_SHIFT
    if task_rate and ration * SEC // task_rate > longest:
        target = longest
        ration = task_rate * target // SEC
    shortest = k.jiffy_ns + target // 2 if ration >= DIRTY_POLL_THRESH else target
    return shortest, max(ration, 1)


def update_bandwidth(k: Kernel, wb: BdiWriteback, tight: Held | None, start_ns: int) -> None:
    """Update the estimates, at most every 200 ms; after idleness only take a new stamp.

    Since v5.16 idleness is told from inodes under writeback, not from the time gone by.
    """
    elapsed = k.loop.now - wb.bw_stamp_ns
    if elapsed < BANDWIDTH_INTERVAL_NS:
        return
    if k.features.estimates_by_inode or not (elapsed > SEC and wb.bw_stamp_ns < start_ns):
        __wb_update_bandwidth(k, wb, tight)
    else:
        take_stamps(k, wb)


def __wb_update_bandwidth(k: Kernel, wb: BdiWriteback, tight: Held | None) -> None:
    elapsed = max(k.loop.now - wb.bw_stamp_ns, k.jiffy_ns)
    if tight is not None:
        k.global_domain.update_limit(k.loop.now, k.global_domain.state(k))
        if tight.domain is not k.global_domain:
            tight.domain.update_limit(k.loop.now, tight.state)
        below = tight.state.dirty < tight.state.setpoint
        update_dirty_ratelimit(wb, elapsed, wb.dirtied, tight.pos_ratio, below_setpoint=below)
    update_write_bandwidth(k, wb, elapsed, wb.written)
    take_stamps(k, wb)


def take_stamps(k: Kernel, wb: BdiWriteback) -> None:
    """Begin a new interval of the estimates."""
    wb.dirtied_stamp = wb.dirtied
    wb.written_stamp = wb.written
    wb.bw_stamp_ns = k.loop.now


def wb_bandwidth_estimate_start(k: Kernel, wb: BdiWriteback) -> None:
    """Begin an interval at the start of do_writepages() if the flusher was idle for a second."""
    if k.loop.now - wb.bw_stamp_ns > SEC and not wb.writeback_inodes:
        take_stamps(k, wb)


def wb_inode_writeback_end(k: Kernel, wb: BdiWriteback) -> None:
    """The last page of an inode has been written: have the estimate updated in 200 ms."""
    wb.writeback_inodes -= 1
    if not k.features.estimates_by_inode or wb.bw_dwork:
        return
    wb.bw_dwork = True

    def wb_update_bandwidth_workfn() -> None:
        wb.bw_dwork = False
        __wb_update_bandwidth(k, wb, None)

    k.loop.call_after(BANDWIDTH_INTERVAL_NS, wb_update_bandwidth_workfn)
