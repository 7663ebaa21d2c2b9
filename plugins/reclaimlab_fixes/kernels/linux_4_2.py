"""Linux 4.2: may_enter_fs is back in the wait test, and cgroup v2 throttles its own writers.

Stands for the series 4.2 to 4.4: the reclaim code is that of 4.2, but ext4 has SB_I_CGROUPWB, which
it got in 4.4 (4.2 itself had it on ext2 only), so that cgroup v2 can be looked at on ext4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from reclaimlab.policy import (
    NO_THROTTLE,
    DirtyThrottle,
    Features,
    FilesystemFeatures,
    OomAction,
    PolicyInfo,
    Stage,
    Throttle,
    hookimpl,
)
from reclaimlab.policy.gfp import (
    GFP_FS,
    GFP_IO,
    GFP_NOFAIL,
    GFP_NORETRY,
    PF_LESS_THROTTLE,
    PF_MEMALLOC_NOIO,
)
from reclaimlab_fixes.kernels.linux_3_11 import Linux311

if TYPE_CHECKING:
    from reclaimlab.policy import (
        AllocationView,
        ChargeFailureView,
        DirtierView,
        FolioView,
        ProgressView,
        ReclaimView,
    )

CGROUP_WRITEBACK: Final = frozenset({"ext2", "ext4", "btrfs"})


class Linux42(Linux311):
    """Answers every hook as Linux 4.2 (to 4.4) does."""

    info = PolicyInfo(
        name="linux-4.2",
        title="Linux 4.2: may_enter_fs test, cgroup writeback on v2, ENOMEM instead of OOM",
        claim="A GFP_NOFS caller never waits for a page; cgroup v2 never waits at all.",
        references=(
            'ecf5fc6e9654 ("mm, vmscan: Do not wait for page writeback for GFP_NOFS allocations")',
            (
                '97c9341f7271 ("mm: vmscan: disable memcg direct reclaim stalling if cgroup'
                ' writeback support is in use")'
            ),
        ),
        kind="kernel",
    )
    cgroup_writeback: ClassVar[frozenset[str]] = CGROUP_WRITEBACK

    @hookimpl
    def describe_kernel(self, cgroup: str) -> Features:
        return (
            super()
            .describe_kernel(cgroup)
            ._replace(
                memcg_reclaim_loops=1,  # try_charge() calls try_to_free_mem_cgroup_pages() once
                memcg_shrinkers=True,
                global_dirty_limit_per_wb=True,
            )
        )

    def features(self, filesystem: str) -> FilesystemFeatures:
        """Return the features of v3.11, with cgroup writeback where the superblock allows it."""
        return (
            super()
            .features(filesystem)
            ._replace(cgroup_writeback=filesystem in self.cgroup_writeback)
        )

    def context_mask(self, allocation: AllocationView) -> int:
        """Return memalloc_noio_flags() after 934f3072c17c: __GFP_FS goes too."""
        noio = allocation.task_flags & PF_MEMALLOC_NOIO
        if noio and allocation.stage is Stage.PAGE_ALLOCATOR:
            return allocation.gfp & ~(GFP_IO | GFP_FS)
        return allocation.gfp

    def throttled_elsewhere(self, reclaim: ReclaimView) -> bool:
        """Return sane_reclaim()."""
        return reclaim.sane

    def may_wait(self, folio: FolioView, reclaim: ReclaimView) -> bool:
        """Return may_enter_fs, as ecf5fc6e9654 (in v4.2) has it."""
        return folio.may_enter_fs(reclaim.gfp)

    @hookimpl
    def throttle_after_batch(self, progress: ProgressView, reclaim: ReclaimView) -> Throttle:
        # current_may_throttle() guards both sleeps (in v3.16).
        if reclaim.task_flags & PF_LESS_THROTTLE and not progress.bdi_congested:
            return NO_THROTTLE
        return super().throttle_after_batch(progress, reclaim)

    def must_nap(self, progress: ProgressView, reclaim: ReclaimView) -> bool:
        """Return whether pages marked for immediate reclaim were met still under writeback."""
        return progress.nr_immediate > 0

    @hookimpl
    def decide_oom(self, failure: ChargeFailureView) -> OomAction:
        if failure.gfp & GFP_NORETRY:
            return self.nomem(failure)  # try_charge(): before the retries
        return super().decide_oom(failure)

    def out_of_retries(self, failure: ChargeFailureView) -> OomAction:
        """Return how a charge ends: only a page fault may kill, and does so as it returns.

        519e52473ebe ("mm: memcg: enable memcg OOM killer only for user faults") (in v3.12).
        """
        if failure.gfp & GFP_NOFAIL:
            return OomAction.FORCE
        return OomAction.KILL if failure.from_page_fault else OomAction.ENOMEM

    def nomem(self, failure: ChargeFailureView) -> OomAction:
        """Return try_charge()'s nomem label."""
        return OomAction.FORCE if failure.gfp & GFP_NOFAIL else OomAction.ENOMEM

    @hookimpl
    def throttle_dirty(self, dirtier: DirtierView) -> DirtyThrottle:
        # inode_cgwb_enabled(); c2aa723a6093: the domain with the lower pos_ratio decides.
        cgwb = dirtier.filesystem in self.cgroup_writeback
        in_memcg_domain = dirtier.in_memcg and dirtier.cgroup == "v2" and cgwb
        return DirtyThrottle(in_global_domain=True, in_memcg_domain=in_memcg_domain)
