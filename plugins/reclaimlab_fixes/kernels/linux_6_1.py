"""Linux 6.1: blk-mq, reclaim_throttle, NOFS scopes, and XFS completions that convert extents.

Follows v6.1.y. On cgroup v1 case 3 still waits for a page; on v2 nothing in reclaim does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from reclaimlab.policy import (
    MSEC,
    NO_THROTTLE,
    NO_WAKEUP,
    Action,
    DirtyDecision,
    Features,
    FilesystemFeatures,
    FlusherWakeup,
    OomAction,
    PolicyInfo,
    Scope,
    ScopeChange,
    Stage,
    Throttle,
    ThrottleKind,
    ThrottleReason,
    WritebackDecision,
    hookimpl,
)
from reclaimlab.policy.gfp import (
    GFP_FS,
    GFP_IO,
    GFP_NORETRY,
    GFP_WAIT,
    PF_KTHREAD,
    PF_LESS_THROTTLE,
    PF_MEMALLOC,
    PF_MEMALLOC_NOFS,
    PF_MEMALLOC_NOIO,
    PF_WQ_WORKER,
)
from reclaimlab_fixes.kernels.linux_3_5 import HZ_10, IN_IRQ, PAGE_ALLOC_COSTLY_ORDER
from reclaimlab_fixes.kernels.linux_4_2 import Linux42

if TYPE_CHECKING:
    from reclaimlab.policy import (
        AllocationView,
        ChargeFailureView,
        FolioView,
        ProgressView,
        ReclaimView,
        ScopeView,
    )

JIFFY: Final = 4 * MSEC
"""One tick at HZ=250, as on the machine that was measured."""
MAX_RECLAIM_RETRIES: Final = 16
IOEND_BATCH_SIZE: Final = 4096
"""Folios in one ioend; with 4 KiB folios, 16 MiB."""
MAX_WRITEPAGES_EXTENT_LEN: Final = 2048
"""Pages that ext4 maps and converts at once: 8 MiB."""

JOURNALLING: Final = frozenset({"xfs", "ext4", "ext3", "gfs2"})
CGROUP_WRITEBACK: Final = frozenset({"ext2", "ext3", "ext4", "btrfs", "xfs", "f2fs"})
"""SB_I_CGROUPWB; XFS since v5.3, and ext3 volumes are mounted by ext4 since v4.3."""

THROTTLE_WRITEBACK: Final = Throttle(ThrottleKind.RECLAIM_THROTTLE, HZ_10, ThrottleReason.WRITEBACK)
THROTTLE_CONGESTED: Final = Throttle(ThrottleKind.RECLAIM_THROTTLE, JIFFY, ThrottleReason.CONGESTED)
THROTTLE_NOPROGRESS: Final = Throttle(
    ThrottleKind.RECLAIM_THROTTLE, JIFFY, ThrottleReason.NOPROGRESS
)


def is_never_throttled(reclaim: ReclaimView) -> bool:
    """Return whether reclaim_throttle() lets the task go: kernel threads, except kswapd."""
    return not reclaim.is_kswapd and bool(reclaim.task_flags & (PF_KTHREAD | PF_WQ_WORKER))


_NOFS: Final = ScopeChange(set_flags=PF_MEMALLOC_NOFS)
_NO_CHANGE: Final = ScopeChange()


class Linux61(Linux42):
    """Answers every hook as Linux 6.1 does."""

    info = PolicyInfo(
        name="linux-6.1",
        title="Linux 6.1: reclaim_throttle, NOFS scopes, XFS with cgroup writeback",
        claim="Kernel threads are never throttled, and XFS writers on v2 are held at their share.",
        references=(
            (
                '8cd7c588decf ("mm/vmscan: throttle reclaim until some writeback completes'
                ' if congested")'
            ),
            '81a70c21d917 ("mm/cgroup/reclaim: fix dirty pages throttling on cgroup v1")',
            '29ef680ae7c2 ("memcg, oom: move out_of_memory back to the charge path")',
        ),
        kind="kernel",
    )
    cgroup_writeback: ClassVar[frozenset[str]] = CGROUP_WRITEBACK

    MEM_CGROUP_RECLAIM_RETRIES = MAX_RECLAIM_RETRIES + 1
    """One more for drain_all_stock(), after the first."""

    @hookimpl
    def describe_kernel(self, cgroup: str) -> Features:
        return (
            super()
            .describe_kernel(cgroup)
            ._replace(
                charges_kernel_memory=True,
                legacy_block_queue=False,
                page_alloc_gives_up=True,
                file_inactive_ratio=True,
                rotates_active=True,
                estimates_by_inode=True,
                deferred_memory_init=True,
                folio_names=True,
            )
        )

    def features(self, filesystem: str) -> FilesystemFeatures:
        """Return what a filesystem does: new data is always unwritten until its I/O has ended."""
        base = IN_IRQ._replace(cgroup_writeback=filesystem in self.cgroup_writeback)
        unwritten = base._replace(completion="worker", one_work_per_inode=True)
        if filesystem == "xfs":
            # 7cd3099f4925: no transaction at submission any more.
            return unwritten._replace(max_ioend_pages=IOEND_BATCH_SIZE)
        if filesystem == "ext4":
            # Pages are submitted before the next extent is mapped.
            return unwritten._replace(max_ioend_pages=MAX_WRITEPAGES_EXTENT_LEN)
        return base

    @hookimpl
    def enter_scope(self, scope: ScopeView) -> ScopeChange:
        if scope.scope is Scope.WRITE_BEGIN:
            return ScopeChange(aop_nofs=scope.filesystem in self.NOFS_WRITE_BEGIN)
        if scope.scope is Scope.LOOP_THREAD:
            return ScopeChange(set_flags=PF_MEMALLOC_NOIO | PF_LESS_THROTTLE)
        nofs = scope.scope is Scope.TRANSACTION and scope.filesystem in JOURNALLING
        # xfs_prepare_ioend() and xfs_end_ioend() wrap themselves (seen in v5.14).
        nofs = nofs or scope.filesystem == "xfs"
        return _NOFS if nofs else _NO_CHANGE

    def caller_mask(self, allocation: AllocationView) -> int:
        """Return the caller's mask; PF_FSTRANS is gone (7dea19f9ee63, in v4.12)."""
        nofs = (allocation.aop_nofs or allocation.km_nofs) and not allocation.is_nested
        return allocation.gfp & ~GFP_FS if nofs else allocation.gfp

    def context_mask(self, allocation: AllocationView) -> int:
        """Return current_gfp_context(), which hard-limit reclaim applies too."""
        if allocation.stage not in (Stage.PAGE_ALLOCATOR, Stage.MEMCG_RECLAIM):
            return allocation.gfp
        if allocation.task_flags & PF_MEMALLOC_NOIO:
            return allocation.gfp & ~(GFP_IO | GFP_FS)
        if allocation.task_flags & PF_MEMALLOC_NOFS:
            return allocation.gfp & ~GFP_FS
        return allocation.gfp

    # c55e8d035b28 (in v4.11): skipped pages are activated, out of the way of clean ones.

    def case_1(self) -> WritebackDecision:
        """Return what kswapd does when it meets a page twice in a node full of writeback."""
        return WritebackDecision(Action.ACTIVATE, immediate=True)

    def case_2(self) -> WritebackDecision:
        """Return what is done with a folio that need not or may not be waited for."""
        return WritebackDecision(Action.ACTIVATE, mark_reclaim=True)

    def case_3(self) -> WritebackDecision:
        """Return the wait of cgroup v1, with the folio unlocked first (in v4.4)."""
        return WritebackDecision(Action.WAIT, unlock_first=True)

    def writes_from_reclaim(self, folio: FolioView, reclaim: ReclaimView) -> bool:
        """Return whether kswapd may write a folio: only one it has met before."""
        return reclaim.is_kswapd and reclaim.zone_dirty and folio.reclaim

    def skipped_dirty(self) -> DirtyDecision:
        """Return what becomes of a dirty file folio that is left to the flusher."""
        return DirtyDecision(Action.ACTIVATE)

    @hookimpl
    def throttle_after_batch(self, progress: ProgressView, reclaim: ReclaimView) -> Throttle:
        # 81a70c21d917 (in v6.2, and in v6.1.y): gives the flusher it woke time to submit.
        unqueued = progress.nr_unqueued_dirty == progress.nr_taken
        if unqueued and not reclaim.sane and not is_never_throttled(reclaim):
            return THROTTLE_WRITEBACK
        return NO_THROTTLE

    @hookimpl
    def throttle_after_pass(self, progress: ProgressView, reclaim: ReclaimView) -> Throttle:
        if reclaim.is_kswapd:
            return THROTTLE_WRITEBACK if progress.nr_immediate else NO_THROTTLE
        if is_never_throttled(reclaim):
            return NO_THROTTLE
        may_throttle = not reclaim.task_flags & PF_LESS_THROTTLE
        if reclaim.zone_congested and reclaim.sane and may_throttle:
            return THROTTLE_CONGESTED
        # consider_reclaim_throttle(); one tick since 1b4e3f26f9f7 (in v5.16).
        global_reclaim = not reclaim.targets_memcg
        if global_reclaim and reclaim.priority == 1 and not progress.nr_reclaimed:
            return THROTTLE_NOPROGRESS
        return NO_THROTTLE

    @hookimpl
    def decide_flusher_wakeup(self, progress: ProgressView, reclaim: ReclaimView) -> FlusherWakeup:
        # 726d061fbd36 (in v4.11), and for legacy memcg 1c610d5f93c7 (in v4.16): all dirty data.
        if progress.point == "batch" and progress.nr_unqueued_dirty == progress.nr_taken:
            return FlusherWakeup(wake=True, nr_pages=0)
        return NO_WAKEUP

    @hookimpl
    def decide_oom(self, failure: ChargeFailureView) -> OomAction:
        if failure.task_flags & PF_MEMALLOC:
            return OomAction.FORCE
        if not failure.gfp & GFP_WAIT or failure.gfp & GFP_NORETRY:
            return self.nomem(failure)
        return super().decide_oom(failure)

    def out_of_retries(self, failure: ChargeFailureView) -> OomAction:
        """Return how a charge ends: 29ef680ae7c2 (in v4.19) kills again, order > 3 fails."""
        forced = super().out_of_retries(failure) is OomAction.FORCE
        if forced or failure.order > PAGE_ALLOC_COSTLY_ORDER:
            return self.nomem(failure)
        return OomAction.KILL
