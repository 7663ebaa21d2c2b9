"""One pass of reclaim (struct scan_control), and what one batch of it found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.policy.contexts import FolioView, ProgressView, ReclaimView
from reclaimlab.policy.gfp import PF_KSWAPD

if TYPE_CHECKING:
    from reclaimlab.engine.task import Steps, Task
    from reclaimlab.kernel.folio import Extent
    from reclaimlab.kernel.kernel import Kernel
    from reclaimlab.kernel.memcontrol import MemCgroup
    from reclaimlab.kernel.still_pass import Still
    from reclaimlab.policy.decisions import DirtyDecision, WritebackDecision

DEF_PRIORITY = 12
SWAP_CLUSTER_MAX = 32
TIME_STEP_NS = 200_000
"""CPU time that may pass in one step of simulated time: far below any timer of the model."""


class ShrinkStat:
    """What shrink_page_list() met in one batch; pages (struct reclaim_stat)."""

    __slots__ = (
        "activated",
        "folios",
        "kept",
        "nr_congested",
        "nr_dirty",
        "nr_immediate",
        "nr_reclaimed",
        "nr_taken",
        "nr_unqueued_dirty",
        "nr_writeback",
        "scanned",
        "slow",
        "slow_io",
    )  # fmt: skip

    def __init__(self) -> None:
        self.nr_taken = 0
        self.scanned = 0
        self.folios = 0
        self.nr_dirty = 0
        self.nr_unqueued_dirty = 0
        self.nr_congested = 0
        self.nr_writeback = 0
        self.nr_immediate = 0
        self.nr_reclaimed = 0
        self.kept: list[Extent] = []
        self.activated: list[Extent] = []
        self.slow: Extent | None = None
        """First page under writeback with PageReclaim that reclaim may enter the fs for."""
        self.slow_io: Extent | None = None


class Rules:
    """What the policies answer in one situation of reclaim, by the state of the page asked about.

    The answers are pure, so whoever is in the same situation later finds them here.
    """

    __slots__ = ("dirty", "view", "writeback")

    def __init__(self, view: ReclaimView) -> None:
        self.view = view
        self.writeback: list[WritebackDecision | None] = [None] * 8
        self.dirty: list[DirtyDecision | None] = [None] * 4


class ScanControl:
    """One try at reclaim.

    Attributes:
        target: the memcg reclaimed from; None for global reclaim. With it set the pass is
            "memcg reclaim" to every rule, soft-limit reclaim included.
        view: what hooks are told, renewed when the priority or the zone's flags change. rules: what
            they answered to it.
        debt_ns: CPU time spent since the task last let time pass, on a processor of usual speed.
        quiet: states of pages (quiet_pages.scan_state) of which a batch was looked at in this pass
            without any effect.
        still: the pass before, if it found and left everything as it is (still_pass.py).
    """

    __slots__ = (
        "debt_ns",
        "gfp",
        "is_kswapd",
        "may_swap",
        "nr_congested",
        "nr_dirty",
        "nr_immediate",
        "nr_reclaimed",
        "nr_scanned",
        "nr_taken",
        "nr_to_reclaim",
        "nr_unqueued_dirty",
        "nr_writeback",
        "priority",
        "quiet",
        "rules",
        "sane",
        "slowdown",
        "still",
        "target",
        "task",
        "total_scanned",
        "view",
    )  # fmt: skip

    def __init__(
        self,
        k: Kernel,
        gfp: int,
        *,
        target: MemCgroup | None,
        nr_to_reclaim: int = SWAP_CLUSTER_MAX,
        priority: int = DEF_PRIORITY,
    ) -> None:
        task: Task = k.current
        self.task = task
        self.gfp = gfp
        self.target = target
        self.nr_to_reclaim = nr_to_reclaim
        self.is_kswapd = bool(task.flags & PF_KSWAPD)
        self.sane = target is None or k.cgroup == "v2"
        self.may_swap = True
        self.nr_reclaimed = 0
        self.total_scanned = 0
        self.debt_ns = 0
        self.slowdown = k.reclaim_slowdown
        self.still: Still | None = None
        self.quiet: set[int] = set()
        self.start_pass(k, priority)

    def start_pass(self, k: Kernel, priority: int) -> None:
        """Begin one priority: the counts of a pass start at zero."""
        self.priority = priority
        self.nr_scanned = 0
        self.nr_taken = self.nr_dirty = self.nr_unqueued_dirty = 0
        self.nr_congested = self.nr_writeback = self.nr_immediate = 0
        self.renew_view(k)

    def renew_view(self, k: Kernel) -> None:
        """Show the hooks the present state of the zone."""
        zone, target = k.zone, self.target
        situation = (
            self.gfp, self.task.flags, target is not None, self.sane, self.is_kswapd,
            self.priority, zone.writeback, zone.dirty,
            zone.congested or (target is not None and target.congested),
        )  # fmt: skip
        rules = k.hooks.rules.get(situation)
        if rules is None:
            rules = Rules(ReclaimView(*situation))
            if not k.hooks.rechecks:
                k.hooks.rules[situation] = rules
        self.rules: Rules = rules
        self.view = rules.view
        if self.quiet:
            self.quiet = set()

    def forget_answers(self) -> None:
        """Have the policies asked anew; to them it makes no difference."""
        self.rules = Rules(self.view)

    def writeback_decision(self, k: Kernel, extent: Extent) -> WritebackDecision:
        """Return what becomes of a page under writeback; one list lookup after the first time."""
        key = extent.reclaim | extent.swapcache << 1 | extent.dirty << 2
        decision = self.rules.writeback[key]
        if decision is None:
            folio = FolioView(extent.reclaim, extent.swapcache, extent.dirty, writeback=True)
            decision = self.rules.writeback[key] = k.hooks.decide_writeback_wait(folio, self.view)
        return decision

    def dirty_decision(self, k: Kernel, extent: Extent) -> DirtyDecision:
        """Return what becomes of a dirty file page."""
        key = extent.reclaim | extent.swapcache << 1
        decision = self.rules.dirty[key]
        if decision is None:
            folio = FolioView(extent.reclaim, extent.swapcache, dirty=True, writeback=False)
            decision = self.rules.dirty[key] = k.hooks.decide_dirty_folio(folio, self.view)
        return decision

    def count(self, k: Kernel, scanned: int, reclaimed: int) -> None:
        """Add pages looked at, and freed, to the counters of the pass, the machine, the memcg."""
        self.nr_scanned += scanned
        vmstat, target = k.vmstat, self.target
        vmstat.pgscan += scanned
        k.zone.pages_scanned += scanned
        if target is not None:
            target.pgscan += scanned
        if reclaimed:
            vmstat.pgsteal += reclaimed
            if target is not None:
                target.pgsteal += reclaimed

    def answers(self) -> tuple[list[WritebackDecision | None], list[DirtyDecision | None]]:
        """Return what policies have answered in this pass: by state of the page, dirty pages."""
        return self.rules.writeback, self.rules.dirty

    def counts(self) -> tuple[int, ...]:
        """Return what :meth:`add` adds to, and the pages scanned."""
        return (
            self.nr_reclaimed, self.nr_taken, self.nr_dirty, self.nr_unqueued_dirty,
            self.nr_congested, self.nr_writeback, self.nr_immediate, self.nr_scanned,
        )  # fmt: skip

    def set_counts(self, counts: tuple[int, ...]) -> None:
        """Go back to what :meth:`counts` gave."""
        (
            self.nr_reclaimed, self.nr_taken, self.nr_dirty, self.nr_unqueued_dirty,
            self.nr_congested, self.nr_writeback, self.nr_immediate, self.nr_scanned,
        ) = counts  # fmt: skip

    def add(self, stat: ShrinkStat) -> None:
        """Add one batch to the pass."""
        self.nr_reclaimed += stat.nr_reclaimed
        self.nr_taken += stat.nr_taken
        self.nr_dirty += stat.nr_dirty
        self.nr_unqueued_dirty += stat.nr_unqueued_dirty
        self.nr_congested += stat.nr_congested
        self.nr_writeback += stat.nr_writeback
        self.nr_immediate += stat.nr_immediate

    def batch_progress(self, stat: ShrinkStat, *, bdi_congested: bool) -> ProgressView:
        """Return what hooks are told after a batch."""
        return ProgressView(
            "batch", stat.nr_taken, self.nr_scanned, self.total_scanned + self.nr_scanned,
            stat.nr_reclaimed, stat.nr_dirty, stat.nr_unqueued_dirty, stat.nr_congested,
            stat.nr_writeback, stat.nr_immediate, bdi_congested, stat.slow is not None,
            stat.slow_io is not None,
        )  # fmt: skip

    def pass_progress(self, *, bdi_congested: bool) -> ProgressView:
        """Return what hooks are told after one priority."""
        slow = False  # that is for a batch to say
        return ProgressView(
            "pass", self.nr_taken, self.nr_scanned, self.total_scanned, self.nr_reclaimed,
            self.nr_dirty, self.nr_unqueued_dirty, self.nr_congested, self.nr_writeback,
            self.nr_immediate, bdi_congested, slow, slow,
        )  # fmt: skip


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
