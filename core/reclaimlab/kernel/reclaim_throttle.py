"""The sleeps of reclaim: congestion_wait(), wait_iff_congested(), reclaim_throttle().

Follows mm/backing-dev.c of v3.10 and mm/vmscan.c:reclaim_throttle() of v5.17 (Linux kernel commit
8cd7c588decf ("mm/vmscan: throttle reclaim until some writeback completes if congested") (in
v5.16)).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.kernel import backing_dev, filemap
from reclaimlab.kernel.scan_control import SWAP_CLUSTER_MAX
from reclaimlab.policy.decisions import NO_THROTTLE, ThrottleKind, ThrottleReason

if TYPE_CHECKING:
    from reclaimlab.engine.task import Steps
    from reclaimlab.kernel.kernel import Kernel
    from reclaimlab.kernel.scan_control import ShrinkStat
    from reclaimlab.policy.decisions import Throttle

MAX_KSWAPD_FAILURES = 16


def sleeps(k: Kernel, throttle: Throttle) -> bool:
    """Return whether the answer of a policy makes the task sleep now."""
    if throttle is NO_THROTTLE:
        return False  # the usual answer, and quicker than to name a member of an enumeration
    if throttle.kind is ThrottleKind.WAIT_IFF_CONGESTED:
        return k.zone.congested and backing_dev.any_congested(k)
    return throttle.kind is not ThrottleKind.NONE


def sleep(k: Kernel, throttle: Throttle, stat: ShrinkStat | None) -> Steps:
    """Sleep as the policy said."""
    start = k.loop.now
    k.vmstat.throttles += 1
    if throttle.kind is ThrottleKind.CONGESTION_WAIT:
        yield from congestion_wait(k, throttle.timeout_ns)
    elif throttle.kind is ThrottleKind.WAIT_IFF_CONGESTED:
        yield from wait_iff_congested(k, throttle.timeout_ns)
    elif throttle.kind is ThrottleKind.RECLAIM_THROTTLE:
        yield from reclaim_throttle(k, throttle)
    elif stat is not None:
        extent = stat.slow_io if throttle.uses_io_test else stat.slow
        if extent is not None and extent.unit is not None and extent.reclaim:
            yield from filemap.wait_on_page_bit(k, extent.unit, throttle.timeout_ns or None)
    slept = k.loop.now - start
    k.vmstat.throttle_ns += slept
    if k.trace is not None and throttle.kind is not ThrottleKind.WAIT_ON_SLOW_FOLIO:
        _trace_sleep(k, throttle, slept)


def _trace_sleep(k: Kernel, throttle: Throttle, slept_ns: int) -> None:
    times = {"usec_timeout": throttle.timeout_ns // 1000, "usec_delayed": slept_ns // 1000}
    if throttle.kind is ThrottleKind.RECLAIM_THROTTLE:
        reason = f"VMSCAN_THROTTLE_{throttle.reason.name}"
        k.tracepoint("mm_vmscan_throttled", **times, reason=reason)
    else:
        k.tracepoint(f"writeback_{throttle.kind}", **times)


def congestion_wait(k: Kernel, timeout_ns: int) -> Steps:
    """Sleep until some request ends on an uncongested queue, at most ``timeout_ns``.

    blk-mq drivers never signal, so there the sleep always lasts its full time.
    """
    backing_dev.expect_uncongested(k)
    yield k.congestion_wait_queue.for_at_most(timeout_ns)


def wait_iff_congested(k: Kernel, timeout_ns: int) -> Steps:
    """As congestion_wait(), but only if some queue is congested and the zone is flagged so."""
    if backing_dev.any_congested(k) and k.zone.congested:
        yield from congestion_wait(k, timeout_ns)
    else:
        yield from cond_resched(k)


def cond_resched(k: Kernel) -> Steps:
    """Let others run, as the caller will come round again without having slept.

    Time does so by itself; where none passes, others have to change something first.
    """
    if k.loop.timeless:
        yield k.congestion_wait_queue.for_at_most(k.jiffy_ns)


def reclaim_throttle(k: Kernel, throttle: Throttle) -> Steps:
    """Sleep for a reason; WRITEBACK ends early when enough throttled pages have been written."""
    if throttle.reason is not ThrottleReason.WRITEBACK:
        if not skip_throttle_noprogress(k):
            yield k.reclaim_wait_congested.for_at_most(throttle.timeout_ns)
        return
    if not k.nr_throttled:
        k.throttle_start_written = k.vmstat.nr_throttled_written
    k.nr_throttled += 1
    yield k.reclaim_wait.for_at_most(throttle.timeout_ns)
    k.nr_throttled -= 1


def skip_throttle_noprogress(k: Kernel) -> bool:
    """Return whether sleep would not help: kswapd gave up, or little waits for writeback."""
    if k.zone.kswapd_failures >= MAX_KSWAPD_FAILURES:
        return True
    reclaimable = sum(group.lruvec.nr_file for group in k.memcgs)
    return 2 * (k.nr_dirty + k.nr_writeback) <= reclaimable


def acct_reclaim_writeback(k: Kernel, nr: int) -> None:
    """Count pages whose writeback has ended, for throttled reclaimers; wake these at enough.

    Only called while there are any. The counter is seen in lumps: each processor keeps up to
    ``stat_threshold`` pages to itself, and any of them may be the one that a completion runs on.
    """
    cpu = k.completion_cpus.below(k.cpus)
    k.throttled_written_diff[cpu] += nr
    if k.throttled_written_diff[cpu] > k.stat_threshold:
        k.vmstat.nr_throttled_written += k.throttled_written_diff[cpu]
        k.throttled_written_diff[cpu] = 0
    written = k.vmstat.nr_throttled_written - k.throttle_start_written
    if written > SWAP_CLUSTER_MAX * k.nr_throttled:
        k.reclaim_wait.wake_all()
