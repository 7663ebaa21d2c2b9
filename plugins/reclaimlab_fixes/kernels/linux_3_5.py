"""Linux 3.5: the last kernel in which memcg reclaim never waits for a page under writeback.

Follows mm/vmscan.c, mm/memcontrol.c and fs/ of v3.5. All later kernels inherit from this one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reclaimlab.policy import (
    MSEC,
    NO_THROTTLE,
    NO_WAKEUP,
    Action,
    DirtyDecision,
    DirtyThrottle,
    Features,
    FilesystemFeatures,
    FlusherWakeup,
    OomAction,
    Policy,
    PolicyInfo,
    Scope,
    ScopeChange,
    Stage,
    Throttle,
    ThrottleKind,
    WritebackDecision,
    hookimpl,
)
from reclaimlab.policy.gfp import GFP_FS, GFP_WAIT, PF_FSTRANS

if TYPE_CHECKING:
    from reclaimlab.policy import (
        AllocationView,
        ChargeFailureView,
        DirtierView,
        FilesystemView,
        FolioView,
        ProgressView,
        ReclaimView,
        ScopeView,
    )

DEF_PRIORITY: Final = 12
SWAP_CLUSTER_MAX: Final = 32
"""Pages in a batch; also what one direct reclaim sets out to free (nr_to_reclaim)."""
PAGE_ALLOC_COSTLY_ORDER: Final = 3
HZ_10: Final = 100 * MSEC
"""HZ/10, the nap of the congestion waits."""
BIO_MAX_PAGES: Final = 256
WAIT_IFF_CONGESTED: Final = Throttle(ThrottleKind.WAIT_IFF_CONGESTED, HZ_10)
IN_IRQ: Final = FilesystemFeatures(
    completion="irq",
    one_work_per_inode=False,
    max_ioend_pages=0,
    bio_max_pages=BIO_MAX_PAGES,
    maps_while_unsubmitted=False,
    cgroup_writeback=False,
    size_in_handle=True,
    submission_allocates_transaction=False,
)
"""end_page_writeback() in the bio end handler: ext3, ext4 up to v3.10, gfs2, tmpfs through swap."""


class Linux35(Policy):
    """Answers every hook as Linux 3.5 does."""

    info = PolicyInfo(
        name="linux-3.5",
        title="Linux 3.5: memcg reclaim does not wait for writeback",
        claim="Before August 2012: no hang, but writers in small memcgs are OOM-killed.",
        references=(
            'e62e384e9da8 ("memcg: prevent OOM with too many dirty pages") ended it (in v3.6)',
        ),
        kind="kernel",
        row="F0",
    )

    MEM_CGROUP_RECLAIM_RETRIES = 5
    NOFS_WRITE_BEGIN = frozenset({"xfs", "gfs2", "ext4"})
    """Filesystems whose page cache is allocated without __GFP_FS.

    ext3_write_begin() always took the page first, with the full mask; ext4 follows in v3.9.
    """

    @hookimpl
    def describe_kernel(self, cgroup: str) -> Features:
        return Features(
            soft_limit_reclaim=cgroup == "v1",
            charge_retries=self.MEM_CGROUP_RECLAIM_RETRIES,
            memcg_reclaim_loops=100,  # MEM_CGROUP_MAX_RECLAIM_LOOPS
            charges_kernel_memory=False,
            legacy_block_queue=True,
            page_alloc_gives_up=False,
            nofs_oom_kills=False,
            file_inactive_ratio=False,
            large_folios=False,
            memcg_shrinkers=False,
            global_dirty_limit_per_wb=False,
            zone_writeback_flag=False,
        )

    @hookimpl
    def describe_filesystem(self, filesystem: FilesystemView) -> FilesystemFeatures:
        return self.features(filesystem.filesystem)

    def features(self, filesystem: str) -> FilesystemFeatures:
        """Return what ``describe_filesystem`` answers for this type."""
        if filesystem == "xfs":
            # xfs_setfilesize_trans_alloc() between marking and submission; xfs_end_io() commits it.
            return IN_IRQ._replace(completion="append", submission_allocates_transaction=True)
        return IN_IRQ

    @hookimpl
    def enter_scope(self, scope: ScopeView) -> ScopeChange:
        if scope.scope is Scope.WRITE_BEGIN:
            return ScopeChange(aop_nofs=scope.filesystem in self.NOFS_WRITE_BEGIN)
        if scope.filesystem == "xfs" and scope.scope in (Scope.TRANSACTION, Scope.COMPLETION_WORK):
            return ScopeChange(set_flags=PF_FSTRANS)  # xfs_trans_reserve(), xfs_end_io()
        return ScopeChange()

    @hookimpl
    def derive_gfp(self, allocation: AllocationView) -> int:
        if allocation.stage is Stage.CALLER:
            return self.caller_mask(allocation)
        return self.context_mask(allocation)

    def caller_mask(self, allocation: AllocationView) -> int:
        """Return the mask of kmem_flags_convert() or grab_cache_page_write_begin()."""
        if allocation.is_nested:
            return allocation.gfp  # a KM_ flag or PF_FSTRANS goes no further than XFS's wrapper
        nofs = allocation.aop_nofs or allocation.km_nofs
        if allocation.filesystem == "xfs" and allocation.task_flags & PF_FSTRANS:
            nofs = True  # kmem_flags_convert(): FS goes, IO never does
        return allocation.gfp & ~GFP_FS if nofs else allocation.gfp

    def context_mask(self, allocation: AllocationView) -> int:
        """Return what the task's flags leave of a mask below its caller: all, until v3.9."""
        return allocation.gfp

    @hookimpl
    def decide_writeback_wait(self, folio: FolioView, reclaim: ReclaimView) -> WritebackDecision:
        # Lumpy reclaim and with it the last wait went in v3.5; PageReclaim is not set here.
        return WritebackDecision(Action.KEEP)

    @hookimpl
    def decide_dirty_folio(self, folio: FolioView, reclaim: ReclaimView) -> DirtyDecision:
        if not folio.swapcache and not self.writes_from_reclaim(folio, reclaim):
            return self.skipped_dirty()
        if not folio.may_enter_fs(reclaim.gfp):
            return DirtyDecision(Action.KEEP, mark_reclaim=False)
        return DirtyDecision(Action.PAGEOUT)  # pageout() sets PageReclaim itself

    def writes_from_reclaim(self, folio: FolioView, reclaim: ReclaimView) -> bool:
        """Return whether this reclaimer may write a dirty file page."""
        return reclaim.is_kswapd and reclaim.priority < DEF_PRIORITY - 2

    def skipped_dirty(self) -> DirtyDecision:
        """Return what becomes of a dirty file page that reclaim leaves to the flusher."""
        return DirtyDecision(Action.KEEP)

    @hookimpl
    def throttle_after_batch(self, progress: ProgressView, reclaim: ReclaimView) -> Throttle:
        enough = progress.nr_taken >> (DEF_PRIORITY - reclaim.priority)
        if progress.nr_writeback and progress.nr_writeback >= enough:
            return WAIT_IFF_CONGESTED
        return NO_THROTTLE

    @hookimpl
    def throttle_after_pass(self, progress: ProgressView, reclaim: ReclaimView) -> Throttle:
        if progress.nr_scanned and reclaim.priority < DEF_PRIORITY - 2:
            return WAIT_IFF_CONGESTED
        return NO_THROTTLE

    @hookimpl
    def decide_flusher_wakeup(self, progress: ProgressView, reclaim: ReclaimView) -> FlusherWakeup:
        # do_try_to_free_pages(): the only thing that starts writeback for a small memcg.
        if progress.point != "pass" or reclaim.is_kswapd:
            return NO_WAKEUP
        if progress.nr_reclaimed >= SWAP_CLUSTER_MAX:
            return NO_WAKEUP  # the loop has ended before the test
        if progress.total_scanned > SWAP_CLUSTER_MAX + SWAP_CLUSTER_MAX // 2:
            return FlusherWakeup(wake=True, nr_pages=progress.total_scanned)
        return NO_WAKEUP

    @hookimpl
    def decide_oom(self, failure: ChargeFailureView) -> OomAction:
        if not failure.gfp & GFP_WAIT:
            return OomAction.ENOMEM
        if failure.nr_reclaimed and failure.nr_pages <= 1 << PAGE_ALLOC_COSTLY_ORDER:
            return OomAction.RETRY
        if failure.attempts <= self.MEM_CGROUP_RECLAIM_RETRIES:
            return OomAction.RETRY
        return self.out_of_retries(failure)

    def out_of_retries(self, failure: ChargeFailureView) -> OomAction:
        """Return how a charge ends: mem_cgroup_handle_oom() in the charging context."""
        return OomAction.KILL

    @hookimpl
    def throttle_dirty(self, dirtier: DirtierView) -> DirtyThrottle:
        return DirtyThrottle(in_global_domain=True, in_memcg_domain=False)
