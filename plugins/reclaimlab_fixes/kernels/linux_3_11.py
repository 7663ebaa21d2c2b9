"""Linux 3.11: kswapd counts pages under writeback and naps instead of waiting on one.

The hook answers of v3.11 to v3.18, except that the memcg OOM killer left the charge path in v3.12.
Linux kernel commit 283aba9f9e0e ("mm: vmscan: block kswapd if it is encountering pages under
writeback") (in v3.11) and its neighbours in the same series.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.policy import (
    NO_THROTTLE,
    Action,
    Features,
    FilesystemFeatures,
    NoParameters,
    PolicyInfo,
    Throttle,
    ThrottleKind,
    WritebackDecision,
    hookimpl,
)
from reclaimlab.policy.gfp import GFP_IO
from reclaimlab_fixes.kernels.linux_3_5 import HZ_10, IN_IRQ, WAIT_IFF_CONGESTED
from reclaimlab_fixes.kernels.linux_3_10 import Linux310

if TYPE_CHECKING:
    from reclaimlab.policy import FolioView, ProgressView, ReclaimView

CONGESTION_WAIT = Throttle(ThrottleKind.CONGESTION_WAIT, HZ_10)


class Linux311(Linux310):
    """Answers every hook as Linux 3.11 does."""

    info = PolicyInfo(
        name="linux-3.11",
        title="Linux 3.11: the three cases of page writeback, test on __GFP_IO",
        claim="For memcg reclaim nothing changed: a GFP_NOFS completion still waits on a page.",
        references=(
            '283aba9f9e0e ("mm: vmscan: block kswapd if it is encountering pages under writeback")',
        ),
        kind="kernel",
    )
    Parameters = NoParameters

    @hookimpl
    def describe_kernel(self, cgroup: str) -> Features:
        return super().describe_kernel(cgroup)._replace(zone_writeback_flag=True)

    def features(self, filesystem: str) -> FilesystemFeatures:
        """Return the features of v3.10, except for ext4's rewritten writepages."""
        if filesystem == "ext4":
            # mpage_map_and_submit_extent() maps with marked pages in the open bio (6b523df4fb5a and
            # neighbours). New data still ends in the interrupt: delayed allocation makes written
            # extents until dioread_nolock became the default (in v5.6).
            return IN_IRQ._replace(maps_while_unsubmitted=True)
        return super().features(filesystem)

    @hookimpl
    def decide_writeback_wait(self, folio: FolioView, reclaim: ReclaimView) -> WritebackDecision:
        if reclaim.is_kswapd and folio.reclaim and reclaim.zone_writeback:
            return self.case_1()
        if (
            self.throttled_elsewhere(reclaim)
            or not folio.reclaim
            or not self.may_wait(folio, reclaim)
        ):
            return self.case_2()
        return self.case_3()

    def case_1(self) -> WritebackDecision:
        """Return what kswapd does when it meets a page twice in a zone full of writeback."""
        return WritebackDecision(Action.KEEP, immediate=True)

    def case_2(self) -> WritebackDecision:
        """Return what is done with a page that need not or may not be waited for."""
        return WritebackDecision(Action.KEEP, mark_reclaim=True)

    def case_3(self) -> WritebackDecision:
        """Return the wait of a reclaimer that nothing else throttles."""
        return WritebackDecision(Action.WAIT)

    def throttled_elsewhere(self, reclaim: ReclaimView) -> bool:
        """Return global_reclaim(): dirty throttling covers these pages."""
        return not reclaim.targets_memcg

    def may_wait(self, folio: FolioView, reclaim: ReclaimView) -> bool:
        """Return whether the mask lets the caller wait in case 3."""
        return bool(reclaim.gfp & GFP_IO)

    def writes_from_reclaim(self, folio: FolioView, reclaim: ReclaimView) -> bool:
        """Return whether kswapd was told that the tail of the LRU is all dirty."""
        return reclaim.is_kswapd and reclaim.zone_dirty

    @hookimpl
    def throttle_after_batch(self, progress: ProgressView, reclaim: ReclaimView) -> Throttle:
        if not self.throttled_elsewhere(reclaim):
            pass  # "Legacy memcg will stall in page writeback so avoid forcibly stalling here"
        elif self.must_nap(progress, reclaim):
            return CONGESTION_WAIT
        return NO_THROTTLE if reclaim.is_kswapd else WAIT_IFF_CONGESTED

    def must_nap(self, progress: ProgressView, reclaim: ReclaimView) -> bool:
        """Return whether pages cycle through the LRU faster than they are written."""
        return progress.nr_unqueued_dirty == progress.nr_taken or progress.nr_immediate > 0

    @hookimpl
    def throttle_after_pass(self, progress: ProgressView, reclaim: ReclaimView) -> Throttle:
        return NO_THROTTLE  # the nap of the outer loop moved into shrink_inactive_list()
