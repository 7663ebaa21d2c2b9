"""proportional-wait: memcg reclaim sleeps in proportion to what its batch has under writeback.

Problem: a wait for one page may close a cycle, and no wait at all lets a memcg run into OOM.
Change: no page is waited for; after a batch reclaim sleeps for a share of the longest time, the
share that pages under writeback have of the batch, until a request ends.
Expected gain: no deadlock, since every sleep ends; nearly no sleep where little is under writeback.
Expected cost: a reclaimer whose whole batch is under writeback sleeps the longest time each batch.
"""

from __future__ import annotations

from dataclasses import dataclass

from reclaimlab.policy import (
    MSEC,
    NO_THROTTLE,
    Action,
    FolioView,
    Policy,
    PolicyInfo,
    ProgressView,
    ReclaimView,
    Throttle,
    ThrottleKind,
    WritebackDecision,
    hookimpl,
    parameter,
)


@dataclass(frozen=True, slots=True)
class Parameters:
    """How long it sleeps."""

    longest: int = parameter(
        100 * MSEC, "The sleep after a batch all under writeback; a longer one stalls more.",
        unit="time", low=MSEC,
    )  # fmt: skip


class ProportionalWait(Policy):
    """Sleeps in proportion, after the batch, and never for a page."""

    info = PolicyInfo(
        name="proportional-wait",
        title="Sleep in proportion to the writeback in a batch",
        claim="Every sleep ends by itself, and is as long as the memcg's writeback deserves.",
    )
    Parameters = Parameters

    @hookimpl
    def decide_writeback_wait(
        self, folio: FolioView, reclaim: ReclaimView
    ) -> WritebackDecision | None:
        """Keep every page of a memcg's reclaim, and mark it."""
        if not reclaim.targets_memcg:
            return None
        return WritebackDecision(Action.KEEP, mark_reclaim=True)

    @hookimpl
    def throttle_after_batch(self, progress: ProgressView, reclaim: ReclaimView) -> Throttle | None:
        """Sleep for the share of the batch that is under writeback."""
        if not reclaim.targets_memcg or not progress.nr_taken:
            return None
        sleep_ns = self.parameters.longest * progress.nr_writeback // progress.nr_taken
        return Throttle(ThrottleKind.CONGESTION_WAIT, sleep_ns) if sleep_ns else NO_THROTTLE
