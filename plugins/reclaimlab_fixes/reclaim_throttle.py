"""reclaim-throttle: reclaimers sleep until enough pages have been written, never kernel threads.

Problem: congestion_wait() wakes on nothing that matters, and not at all on blk-mq queues.
Change: reclaim_throttle(WRITEBACK) after a memcg batch that was mostly under writeback or dirty and
    unqueued, and for kswapd after a pass that met pages twice; it replaces the wait on one page.
References: Linux kernel commits 8cd7c588decf ("mm/vmscan: throttle reclaim until some writeback
    completes if congested") (in v5.16) and 81a70c21d917 (in v6.2, for cgroup v1).
Expected gain: sleeps end when writeback makes progress; the workers that make it never sleep.
Expected cost: a GFP_NOFS writer may still run out of retries; keep_wait brings the cycle back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reclaimlab.policy import (
    MSEC,
    NO_THROTTLE,
    Action,
    Policy,
    PolicyInfo,
    Throttle,
    ThrottleKind,
    ThrottleReason,
    WritebackDecision,
    hookimpl,
    parameter,
)
from reclaimlab.policy.gfp import PF_KTHREAD, PF_WQ_WORKER

if TYPE_CHECKING:
    from reclaimlab.policy import FolioView, ProgressView, ReclaimView

WRITEBACK: Final = Throttle(ThrottleKind.RECLAIM_THROTTLE, 100 * MSEC, ThrottleReason.WRITEBACK)


@dataclass(frozen=True, slots=True)
class PageWait:
    """What becomes of the wait in shrink_page_list()."""

    keep_wait: bool = parameter(
        False, "Whether memcg reclaim also waits for single pages as the kernel does."
    )


class ReclaimThrottle(Policy):
    """Replaces the naps of reclaim, and its page wait, by reclaim_throttle()."""

    info = PolicyInfo(
        name="reclaim-throttle",
        title="reclaim_throttle() of 5.16",
        claim="Reclaim sleeps as long as writeback takes, and kernel threads never do.",
        references=(
            (
                '8cd7c588decf ("mm/vmscan: throttle reclaim until some writeback completes'
                ' if congested")'
            ),
            '81a70c21d917 ("mm/cgroup/reclaim: fix dirty pages throttling on cgroup v1")',
        ),
        row="F13",
    )
    Parameters = PageWait

    @hookimpl
    def decide_writeback_wait(
        self, folio: FolioView, reclaim: ReclaimView
    ) -> WritebackDecision | None:
        if self.parameters.keep_wait or not reclaim.targets_memcg:
            return None
        return WritebackDecision(Action.KEEP, mark_reclaim=True)

    @hookimpl
    def throttle_after_batch(self, progress: ProgressView, reclaim: ReclaimView) -> Throttle:
        if reclaim.is_kswapd or not reclaim.targets_memcg or self._exempt(reclaim):
            return NO_THROTTLE
        enough = progress.nr_taken >> (12 - reclaim.priority)
        written = progress.nr_writeback > 0 and progress.nr_writeback >= enough
        unqueued = progress.nr_unqueued_dirty == progress.nr_taken
        return WRITEBACK if written or unqueued else NO_THROTTLE

    @hookimpl
    def throttle_after_pass(self, progress: ProgressView, reclaim: ReclaimView) -> Throttle:
        if reclaim.is_kswapd:
            return WRITEBACK if progress.nr_immediate else NO_THROTTLE
        if reclaim.zone_congested and reclaim.sane and not self._exempt(reclaim):
            return Throttle(ThrottleKind.RECLAIM_THROTTLE, 4 * MSEC, ThrottleReason.CONGESTED)
        return NO_THROTTLE

    def _exempt(self, reclaim: ReclaimView) -> bool:
        return bool(reclaim.task_flags & (PF_KTHREAD | PF_WQ_WORKER))
