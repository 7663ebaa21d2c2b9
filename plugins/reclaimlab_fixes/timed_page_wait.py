"""timed-page-wait: the wait on a page ends after a while, whatever became of the page.

Problem: the wait of 3.6 has no end if the page's completion depends on the waiter.
Change: the same wait on the same page (memcg target, PageReclaim, __GFP_IO) with a timeout; when
    it runs out the page is kept. kswapd in a zone full of writeback passes on, as since 3.11.
References: A. Morton in June 2012, quoted in 20120620082755.GA5541@tiehlicka.suse.cz.
Expected gain: no deadlock, and no OOM while timeout times retries exceeds the device's latency.
Expected cost: long stalls; other completions do not end the wait. On 4.2 and later it brings the
    __GFP_IO test back: name may-enter-fs after it to have both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reclaimlab.policy import (
    MSEC,
    Action,
    Policy,
    PolicyInfo,
    WritebackDecision,
    hookimpl,
    parameter,
)
from reclaimlab.policy.gfp import GFP_IO

if TYPE_CHECKING:
    from reclaimlab.policy import FolioView, ReclaimView


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a wait may last."""

    timeout: int = parameter(
        100 * MSEC,
        "The longest wait on one page; a longer one risks less OOM and stalls a cycle for longer.",
        unit="time",
        low=1 * MSEC,
        high=600_000 * MSEC,
    )


class TimedPageWait(Policy):
    """Gives the page wait of memcg reclaim a timeout."""

    info = PolicyInfo(
        name="timed-page-wait",
        title="Per-page wait with a timeout",
        claim="No deadlock, because the wait on a page ends.",
        references=("20120620082755.GA5541@tiehlicka.suse.cz",),
        row="F9",
    )
    Parameters = Patience

    @hookimpl
    def decide_writeback_wait(
        self, folio: FolioView, reclaim: ReclaimView
    ) -> WritebackDecision | None:
        waits = reclaim.targets_memcg and not reclaim.sane and folio.reclaim
        if not (waits and reclaim.gfp & GFP_IO):
            return None
        if reclaim.is_kswapd and reclaim.zone_writeback:
            return WritebackDecision(Action.KEEP, immediate=True)
        return WritebackDecision(Action.WAIT, timeout_ns=self.parameters.timeout)
