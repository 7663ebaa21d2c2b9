"""unlock-before-wait: the page is unlocked before reclaim waits for its writeback.

Problem: a task in the wait of 3.6 holds the page lock and keeps the rest of its batch isolated.
Change: unlock, wait, then put the page back at the end of the batch to be looked at again; who
    waits (memcg target, PageReclaim, __GFP_IO) stays as it was.
References: H. Dickins, August 2015, alpine.LSU.2.11.1508032227050.5070@eggly.anvils (in v4.4).
Expected gain: others may lock the page meanwhile.
Expected cost: none; the posted cycle does not run through the page lock. On 4.2 and later it brings
    the __GFP_IO test back: name may-enter-fs after it to have both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.policy import Action, Policy, PolicyInfo, WritebackDecision, hookimpl
from reclaimlab.policy.gfp import GFP_IO

if TYPE_CHECKING:
    from reclaimlab.policy import FolioView, ReclaimView


class UnlockBeforeWait(Policy):
    """Waits where the kernel waits, without the page lock."""

    info = PolicyInfo(
        name="unlock-before-wait",
        title="The page is unlocked before the wait",
        claim="No task that needs the page lock queues up behind a waiting reclaimer.",
        references=("alpine.LSU.2.11.1508032227050.5070@eggly.anvils",),
        row="F14",
    )

    @hookimpl
    def decide_writeback_wait(
        self, folio: FolioView, reclaim: ReclaimView
    ) -> WritebackDecision | None:
        waits = reclaim.targets_memcg and not reclaim.sane and folio.reclaim
        if not (waits and reclaim.gfp & GFP_IO):
            return None
        if reclaim.is_kswapd and reclaim.zone_writeback:
            return WritebackDecision(Action.KEEP, immediate=True)
        return WritebackDecision(Action.WAIT, unlock_first=True)
