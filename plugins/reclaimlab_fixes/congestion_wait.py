"""congestion-wait: a bounded sleep after the batch instead of a wait on one page.

Problem: to wait for one given page invites deadlock, and it is seldom the page that ends first.
Change: keep and mark pages under writeback; when enough of a memcg batch was under writeback, sleep
    in congestion_wait(). skip spares callers without __GFP_FS, or kernel threads.
References: A. Morton, 20130710200337.cd9a05d6.akpm@linux-foundation.org; M. Hocko,
    20120529135101.GD15293@tiehlicka.suse.cz (with measurements).
Expected gain: no deadlock: every sleep ends.
Expected cost: arbitrary timeout; a completion may sleep in every round (skip=none); spared GFP_NOFS
    writers are OOM-killed (skip=nofs); on blk-mq queues each sleep lasts the whole timeout.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reclaimlab.policy import (
    MSEC,
    NO_THROTTLE,
    Action,
    Policy,
    PolicyInfo,
    Throttle,
    ThrottleKind,
    WritebackDecision,
    hookimpl,
    parameter,
)
from reclaimlab.policy.gfp import GFP_FS, PF_KTHREAD, PF_WQ_WORKER

if TYPE_CHECKING:
    from reclaimlab.policy import FolioView, ProgressView, ReclaimView


@dataclass(frozen=True, slots=True)
class Nap:
    """How long and who."""

    timeout: int = parameter(
        100 * MSEC,
        "The longest sleep; a longer one risks less OOM and slows completions down more.",
        unit="time",
        low=1 * MSEC,
        high=10_000 * MSEC,
    )
    skip: str = parameter(
        "none",
        "Who never sleeps: nobody, callers without __GFP_FS, or kernel threads and workers.",
        choices=("none", "nofs", "kthread"),
    )


class CongestionWait(Policy):
    """Replaces the page wait of memcg reclaim by congestion_wait()."""

    info = PolicyInfo(
        name="congestion-wait",
        title="congestion_wait() after the batch instead of a page wait",
        claim="No deadlock, because every sleep is bounded; no OOM, because reclaim does sleep.",
        references=(
            "20130710200337.cd9a05d6.akpm@linux-foundation.org",
            "20120529135101.GD15293@tiehlicka.suse.cz",
        ),
        row="F8, F8b",
    )
    Parameters = Nap

    @hookimpl
    def decide_writeback_wait(
        self, folio: FolioView, reclaim: ReclaimView
    ) -> WritebackDecision | None:
        if reclaim.targets_memcg:
            return WritebackDecision(Action.KEEP, mark_reclaim=True)
        return None

    @hookimpl
    def throttle_after_batch(self, progress: ProgressView, reclaim: ReclaimView) -> Throttle | None:
        enough = progress.nr_taken >> (12 - reclaim.priority)
        many = progress.nr_writeback > 0 and progress.nr_writeback >= enough
        if not (reclaim.targets_memcg and many):
            return None  # global reclaim keeps the kernel's wait_iff_congested()
        if self._skips(reclaim):
            return NO_THROTTLE
        return Throttle(ThrottleKind.CONGESTION_WAIT, self.parameters.timeout)

    def _skips(self, reclaim: ReclaimView) -> bool:
        if self.parameters.skip == "nofs":
            return not reclaim.gfp & GFP_FS
        kthread = bool(reclaim.task_flags & (PF_KTHREAD | PF_WQ_WORKER))
        return self.parameters.skip == "kthread" and kthread
