"""exempt-kthreads: kernel threads and workers never wait for a page in memcg reclaim.

Problem: the workers that end writeback, the thread that makes workers, kswapd and the flusher wait
    for pages that only they can finish.
Change: a task with PF_KTHREAD or PF_WQ_WORKER keeps and marks the page instead.
References: Linux kernel commit 8cd7c588decf ("mm/vmscan: throttle reclaim until some writeback
    completes if congested") (in v5.16), whose reclaim_throttle() exempts them.
Expected gain: the posted hang goes, and with it the hole of a flusher that allocates GFP_KERNEL.
Expected cost: a user task with unsubmitted pages still waits on itself (ext4, 2015).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.policy import Action, Policy, PolicyInfo, WritebackDecision, hookimpl
from reclaimlab.policy.gfp import PF_KTHREAD, PF_WQ_WORKER

if TYPE_CHECKING:
    from reclaimlab.policy import FolioView, ReclaimView


class ExemptKthreads(Policy):
    """Takes the wait from kernel threads, kswapd included."""

    info = PolicyInfo(
        name="exempt-kthreads",
        title="Kernel threads and workers never wait",
        claim="Whoever ends writeback never waits for it.",
        references=(
            (
                '8cd7c588decf ("mm/vmscan: throttle reclaim until some writeback completes'
                ' if congested")'
            ),
        ),
        row="F10",
    )

    @hookimpl
    def decide_writeback_wait(
        self, folio: FolioView, reclaim: ReclaimView
    ) -> WritebackDecision | None:
        kthread = reclaim.is_kswapd or bool(reclaim.task_flags & (PF_KTHREAD | PF_WQ_WORKER))
        if reclaim.targets_memcg and kthread:
            return WritebackDecision(Action.KEEP, mark_reclaim=True)
        return None
