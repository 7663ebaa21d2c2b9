"""A flusher's lists, its work, and what it has learnt of its device's speed.

Follows struct bdi_writeback and the estimators of mm/page-writeback.c (bdi_update_write_bandwidth,
bdi_update_dirty_ratelimit) of v3.10. All rates are pages a second.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from reclaimlab.engine.wait import WaitQueue
from reclaimlab.units import MSEC, SEC

if TYPE_CHECKING:
    from reclaimlab.kernel.backing_dev import BackingDev
    from reclaimlab.kernel.folio import Mapping
    from reclaimlab.kernel.kernel import Kernel
    from reclaimlab.kernel.memcontrol import MemCgroup

INIT_BW = 25_600
"""100 MB/s in pages a second (INIT_BW of mm/backing-dev.c)."""
BANDWIDTH_INTERVAL_NS = 200 * MSEC
FRACTION_PERIOD_NS = 3 * SEC
"""VM_COMPLETIONS_PERIOD_LEN: completion counts are halved so often."""
RATIO_SHIFT = 10


class WbWork:
    """struct wb_writeback_work: what a flusher was asked to write."""

    __slots__ = ("for_background", "for_kupdate", "nr_pages", "start_ns")

    def __init__(
        self,
        nr_pages: int,
        start_ns: int,
        *,
        for_background: bool = False,
        for_kupdate: bool = False,
    ) -> None:
        self.nr_pages = nr_pages
        self.start_ns = start_ns
        self.for_background = for_background
        self.for_kupdate = for_kupdate


class Fraction:
    """A share of recent completions: counts halved every three seconds (lib/flex_proportions.c)."""

    __slots__ = ("count", "period")

    def __init__(self) -> None:
        self.count = 0
        self.period = 0

    def age(self, now_ns: int) -> None:
        """Halve the count once for each period gone by, but never to nothing.

        Periods without events do not count: shares stay as they were (fprop_new_period()).
        """
        period = now_ns // FRACTION_PERIOD_NS
        if period != self.period:
            self.count = max(self.count >> min(period - self.period, 62), min(self.count, 1))
            self.period = period

    def add(self, now_ns: int, nr: int) -> None:
        """Count ``nr`` events now."""
        if now_ns // FRACTION_PERIOD_NS != self.period:
            self.age(now_ns)
        self.count += nr


class BdiWriteback:
    """One flusher: lists of dirty inodes, work items, estimates.

    Attributes:
        memcg: whose pages it writes; None for the root (all pages, without cgroup writeback).
        b_dirty, b_io, b_more_io: inodes newly dirty, in the current round, unfinished.
        dirtied, written: pages ever dirtied for it and written by it.
        wake: where the flusher idles.
        writeback_inodes: inodes of it with pages under writeback. bw_dwork: an update is due.
        start_all: a wakeup_flusher_threads() request is pending (WB_start_all).
    """

    __slots__ = (
        "avg_write_bandwidth",
        "b_dirty",
        "b_io",
        "b_more_io",
        "background_pending",
        "balanced_dirty_ratelimit",
        "bdi",
        "bw_dwork",
        "bw_stamp_ns",
        "completions",
        "dirtied",
        "dirtied_stamp",
        "dirty_exceeded",
        "dirty_ratelimit",
        "last_old_flush_ns",
        "memcg",
        "name",
        "nr_dirty",
        "nr_writeback",
        "start_all",
        "started",
        "wake",
        "work_list",
        "write_bandwidth",
        "writeback_inodes",
        "written",
        "written_stamp",
    )  # fmt: skip

    def __init__(self, k: Kernel, bdi: BackingDev, memcg: MemCgroup | None) -> None:
        self.bdi = bdi
        self.memcg = memcg
        self.name = bdi.name if memcg is None else f"{bdi.name}:{memcg.name}"
        self.b_dirty: deque[Mapping] = deque()
        self.b_io: deque[Mapping] = deque()
        self.b_more_io: deque[Mapping] = deque()
        self.work_list: deque[WbWork] = deque()
        self.wake = WaitQueue(k.loop, "bdi_writeback_work", state="S")
        self.background_pending = False
        self.start_all = False
        self.started = False
        self.last_old_flush_ns = 0
        self.nr_dirty = 0
        self.nr_writeback = 0
        self.dirtied = 0
        self.written = 0
        self.dirtied_stamp = 0
        self.written_stamp = 0
        self.bw_stamp_ns = 0
        self.bw_dwork = False
        self.writeback_inodes = 0
        self.write_bandwidth = INIT_BW
        self.avg_write_bandwidth = INIT_BW
        self.dirty_ratelimit = INIT_BW
        self.balanced_dirty_ratelimit = INIT_BW
        self.completions = Fraction()
        self.dirty_exceeded = False

    def __repr__(self) -> str:
        counts = f"{self.nr_dirty} dirty, {self.nr_writeback} under writeback"
        return f"<BdiWriteback {self.name}, {counts}>"

    def know_bandwidth(self, pages_per_s: int) -> None:
        """Begin with an estimate that it has learnt before."""
        self.write_bandwidth = self.avg_write_bandwidth = max(pages_per_s, 1)

    @property
    def has_dirty_io(self) -> bool:
        """Whether some inode waits for it."""
        return bool(self.b_dirty or self.b_io or self.b_more_io)

    def count_completion(self, k: Kernel, nr: int) -> None:
        """Count written pages towards its share of the machine's completions."""
        self.completions.add(k.loop.now, nr)
        if k.global_domain is not None:
            k.global_domain.completions.add(k.loop.now, nr)

    def start(self, k: Kernel) -> None:
        """Start the flusher thread."""
        from reclaimlab.kernel import fs_writeback

        if not self.started:
            self.started = True
            fs_writeback.start_flusher(k, self)


def update_write_bandwidth(k: Kernel, wb: BdiWriteback, elapsed_ns: int, written: int) -> None:
    """Follow the device's rate with a period of about three seconds, and smooth it."""
    period_ns = (1 << (3 * k.hz - 1).bit_length()) * k.jiffy_ns
    pages = written - wb.written_stamp
    if elapsed_ns > period_ns:
        bandwidth = pages * SEC // elapsed_ns
        average = bandwidth
    else:
        bandwidth = (pages * SEC + wb.write_bandwidth * (period_ns - elapsed_ns)) // period_ns
        average = wb.avg_write_bandwidth
        old = wb.write_bandwidth
        if average > old >= bandwidth:
            average -= (average - old) >> 3
        elif average < old <= bandwidth:
            average += (old - average) >> 3
    wb.write_bandwidth = bandwidth
    wb.avg_write_bandwidth = max(average, 1)


def update_dirty_ratelimit(
    wb: BdiWriteback, elapsed_ns: int, dirtied: int, pos_ratio: int, *, below_setpoint: bool
) -> None:
    """Step the base rate at which dirtiers are let go towards the rate that keeps the balance."""
    dirty_rate = (dirtied - wb.dirtied_stamp) * SEC // elapsed_ns
    task_rate = (wb.dirty_ratelimit * pos_ratio >> RATIO_SHIFT) + 1
    balanced = min(task_rate * wb.avg_write_bandwidth // (dirty_rate | 1), wb.avg_write_bandwidth)
    ratelimit = wb.dirty_ratelimit
    if below_setpoint:
        x = min(wb.balanced_dirty_ratelimit, balanced, task_rate)
        step = max(0, x - ratelimit)
    else:
        x = max(wb.balanced_dirty_ratelimit, balanced, task_rate)
        step = max(0, ratelimit - x)
    step >>= min(ratelimit // (2 * step + 1), 62)
    step = (step + 7) // 8
    ratelimit = ratelimit + step if ratelimit < balanced else ratelimit - step
    wb.dirty_ratelimit = max(ratelimit, 1)
    wb.balanced_dirty_ratelimit = balanced
