"""wait-after-batch: one wait on one slow page, after the whole batch has been put back.

Problem: waiting inside shrink_page_list() holds the page's lock and isolates the rest of the batch.
Change: remember the first page under writeback with PageReclaim that the test lets through; when
    enough of the batch was under writeback, wait on it after shrink_page_list() has returned.
References: H. Dickins, alpine.LSU.2.00.1207160044070.3936@eggly.anvils, quoted in
    20120716084816.GB14664@tiehlicka.suse.cz; his form is test=fs, mark=dirty.
Expected gain: nothing is locked or isolated during the wait, and there is one wait a batch.
Expected cost: with test=fs GFP_NOFS writers are killed; with test=io completions still wait. Global
    reclaim is left alone: his wait on swap-cache pages there is not modelled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reclaimlab.policy import (
    Action,
    Policy,
    PolicyInfo,
    Throttle,
    ThrottleKind,
    WritebackDecision,
    hookimpl,
    parameter,
)

if TYPE_CHECKING:
    from reclaimlab.policy import FolioView, ProgressView, ReclaimView


@dataclass(frozen=True, slots=True)
class SlowPage:
    """Which page is waited for."""

    test: str = parameter(
        "fs",
        "What the mask must allow for a page to be chosen; io lets completions wait too.",
        choices=("fs", "io"),
    )
    mark: str = parameter(
        "dirty",
        "Which skipped pages get PageReclaim: only dirty ones, or all under writeback too.",
        choices=("dirty", "all"),
    )


class WaitAfterBatch(Policy):
    """Moves the wait of memcg reclaim to the end of the batch."""

    info = PolicyInfo(
        name="wait-after-batch",
        title="One wait after shrink_page_list() returns",
        claim="Reclaim is slowed to the device's pace without a page lock held.",
        references=(
            "alpine.LSU.2.00.1207160044070.3936@eggly.anvils",
            "20120716084816.GB14664@tiehlicka.suse.cz",
        ),
        row="F7, F7b",
    )
    Parameters = SlowPage

    @hookimpl
    def decide_writeback_wait(
        self, folio: FolioView, reclaim: ReclaimView
    ) -> WritebackDecision | None:
        if not reclaim.targets_memcg:
            return None
        return WritebackDecision(Action.KEEP, mark_reclaim=self.parameters.mark == "all")

    @hookimpl
    def throttle_after_batch(self, progress: ProgressView, reclaim: ReclaimView) -> Throttle | None:
        io = self.parameters.test == "io"
        slow = progress.has_slow_folio_io if io else progress.has_slow_folio
        enough = progress.nr_taken >> (12 - reclaim.priority)
        many = progress.nr_writeback > 0 and progress.nr_writeback >= enough
        if reclaim.targets_memcg and many and slow:
            return Throttle(ThrottleKind.WAIT_ON_SLOW_FOLIO, uses_io_test=io)
        return None
