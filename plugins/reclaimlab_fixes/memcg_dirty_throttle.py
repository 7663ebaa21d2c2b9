"""memcg-dirty-throttle: balance_dirty_pages() knows the memcg of the writer.

Problem: the dirty limits are global; a small memcg fills with dirty pages long before they act, and
    reclaim must do what dirty throttling should.
Change: a writer is held in the domain of its memcg as well (here on every filesystem, and on v1 as
    on v2); reclaim then need not wait for single pages, as sane_reclaim() has it.
References: Linux kernel commits c2aa723a6093 ("writeback: implement memcg writeback domain based
    throttling") and 97c9341f7271 (in v4.2).
Expected gain: most of a memcg stays clean: neither hang nor OOM.
Expected cost: writers run at the pace of their share; pages dirtied past write(2) are not held.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reclaimlab.policy import (
    Action,
    DirtyThrottle,
    Policy,
    PolicyInfo,
    WritebackDecision,
    hookimpl,
    parameter,
)

if TYPE_CHECKING:
    from reclaimlab.policy import DirtierView, FolioView, ReclaimView


@dataclass(frozen=True, slots=True)
class PageWait:
    """What becomes of the wait in reclaim."""

    keep_wait: bool = parameter(
        False, "Whether memcg reclaim goes on waiting for single pages as the kernel does."
    )


class MemcgDirtyThrottle(Policy):
    """Adds the memcg's dirty domain, and drops the page wait."""

    info = PolicyInfo(
        name="memcg-dirty-throttle",
        title="balance_dirty_pages() aware of the memcg",
        claim="A writer never fills its memcg with dirty pages, so reclaim never needs to wait.",
        references=(
            'c2aa723a6093 ("writeback: implement memcg writeback domain based throttling")',
            (
                '97c9341f7271 ("mm: vmscan: disable memcg direct reclaim stalling if cgroup'
                ' writeback support is in use")'
            ),
        ),
        row="F12",
    )
    Parameters = PageWait

    @hookimpl
    def throttle_dirty(self, dirtier: DirtierView) -> DirtyThrottle:
        return DirtyThrottle(in_global_domain=True, in_memcg_domain=dirtier.in_memcg)

    @hookimpl
    def decide_writeback_wait(
        self, folio: FolioView, reclaim: ReclaimView
    ) -> WritebackDecision | None:
        if self.parameters.keep_wait or not reclaim.targets_memcg:
            return None
        return WritebackDecision(Action.KEEP, mark_reclaim=True)
