"""What a hook is told: read-only views of the simulated kernel's state.

Every view is a ``NamedTuple`` of plain values: cheap to build (a frozen dataclass costs three times
as much), hashable (so that pure answers can be memoised), and no way to change the kernel.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Literal, NamedTuple

from reclaimlab.policy.gfp import GFP_FS, GFP_IO

NESTED_SITES: Final = ("vmalloc", "__vmalloc", "vm_map_ram", "pte_alloc")
"""How the names of sites begin that no flag of the caller reaches."""


class Scope(StrEnum):
    """A stretch of code in which task flags or mapping flags hold."""

    TRANSACTION = "transaction"
    """From the reservation of log space or journal credits to the commit."""
    COMPLETION_WORK = "completion-work"
    """A filesystem's I/O completion in a worker (xfs_end_io, ext4_end_io_rsv_work)."""
    SUBMISSION = "submission"
    """From the first page marked writeback to the submission of its bio."""
    WRITE_BEGIN = "write-begin"
    """grab_cache_page_write_begin(): page-cache pages for write(2)."""
    LOOP_THREAD = "loop-thread"
    """A loop device's thread writing to its backing file."""


class Stage(StrEnum):
    """Where a mask is formed; one allocation passes through several."""

    CALLER = "caller"
    """The caller turns its own flags into a gfp mask (kmem_flags_convert, write_begin, ...)."""
    PAGE_ALLOCATOR = "page-allocator"
    """The page allocator's slow path and try_to_free_pages()."""
    MEMCG_RECLAIM = "memcg-reclaim"
    """try_to_free_mem_cgroup_pages(): does a task flag reach hard-limit reclaim?"""


class ScopeView(NamedTuple):
    """A scope about to be entered."""

    scope: Scope
    """Which one."""
    filesystem: str
    """Type of the filesystem (``xfs``, ``ext4``, ...); empty outside filesystems."""
    task_flags: int
    """PF_* flags of the task before it enters; see ``reclaimlab.policy.gfp``."""


class AllocationView(NamedTuple):
    """An allocation whose mask is being formed."""

    stage: Stage
    """Where the mask is formed."""
    gfp: int
    """The mask as it arrives at this stage."""
    task_flags: int
    """PF_* flags of the task; see ``reclaimlab.policy.gfp``."""
    site: str
    """The kernel function that allocates, such as ``xfs_inode_item_format_extents``."""
    within: str
    """The operation it serves, such as ``xfs_setfilesize``; empty if none matters."""
    km_nofs: bool
    """KM_NOFS was passed (XFS's own flag)."""
    aop_nofs: bool
    """AOP_FLAG_NOFS was passed, or the mapping's gfp mask lacks __GFP_FS."""
    filesystem: str
    """Type of the filesystem (``xfs``, ``ext4``, ...); empty outside filesystems."""

    @property
    def is_nested(self) -> bool:
        """It is made below the call that was given flags, as vmalloc's page tables are.

        Such an allocation is GFP_KERNEL whatever its caller asked for; only a task flag reaches it.
        """
        return self.site.startswith(NESTED_SITES)


class FolioView(NamedTuple):
    """A page (or folio) that reclaim is looking at."""

    reclaim: bool
    """PageReclaim: reclaim has met it before."""
    swapcache: bool
    """PageSwapCache: anonymous, with a place in swap."""
    dirty: bool
    """PageDirty: changed since it was read or written."""
    writeback: bool
    """PageWriteback: its write was begun and has not ended."""

    def may_enter_fs(self, gfp: int) -> bool:
        """Return the kernel's may_enter_fs: __GFP_FS, or a swap-cache page and __GFP_IO."""
        return bool(gfp & GFP_FS) or (self.swapcache and bool(gfp & GFP_IO))


class ReclaimView(NamedTuple):
    """The pass of reclaim in which a question arises: ``scan_control`` and its task."""

    gfp: int
    """The caller's allocation mask; see ``reclaimlab.policy.gfp``."""
    task_flags: int
    """PF_* flags of the task; see ``reclaimlab.policy.gfp``."""
    targets_memcg: bool
    """A target memcg is set: hard-limit **and** soft-limit reclaim (!global_reclaim)."""
    sane: bool
    """writeback_throttling_sane(): no target memcg, or cgroup v2 with cgroup writeback."""
    is_kswapd: bool
    """The task is kswapd, not one that allocates."""
    priority: int
    """12 (DEF_PRIORITY) down to 0."""
    zone_writeback: bool
    """ZONE_WRITEBACK / PGDAT_WRITEBACK: a whole batch was found under writeback."""
    zone_dirty: bool
    """ZONE_TAIL_LRU_DIRTY / PGDAT_DIRTY."""
    zone_congested: bool
    """ZONE_CONGESTED, or the lruvec's congested bit (since v5.16)."""
    throttled_written: int = 0
    """Not part of any memoised key: always 0 for pure hooks."""


class ProgressView(NamedTuple):
    """What a batch, a pass over the lists or a whole try brought; pages unless said otherwise."""

    point: Literal["batch", "pass"]
    """``batch``: after shrink_page_list() on <= 32 pages; ``pass``: after one priority."""
    nr_taken: int
    """Isolated from the list."""
    nr_scanned: int
    """Looked at."""
    total_scanned: int
    """Scanned since this try_to_free began."""
    nr_reclaimed: int
    """Freed."""
    nr_dirty: int
    """Dirty or under writeback."""
    nr_unqueued_dirty: int
    """Dirty, and no flusher has begun to write them."""
    nr_congested: int
    """Dirty on a congested device, or under writeback with PageReclaim set."""
    nr_writeback: int
    """Under writeback, but for those counted in ``nr_immediate``."""
    nr_immediate: int
    """Under writeback, and counted so by a decision that said ``immediate``."""
    bdi_congested: bool
    """Some backing device's request queue is congested."""
    has_slow_folio: bool
    """A page under writeback with PageReclaim set was met that reclaim may enter the fs for."""
    has_slow_folio_io: bool
    """The same with the test on __GFP_IO instead."""


class ChargeFailureView(NamedTuple):
    """A memcg charge that reclaim could not satisfy."""

    gfp: int
    """The caller's allocation mask; see ``reclaimlab.policy.gfp``."""
    task_flags: int
    """PF_* flags of the task; see ``reclaimlab.policy.gfp``."""
    nr_pages: int
    """Pages that the charge needs."""
    order: int
    """Order of the allocation: 2 to this power are its pages."""
    attempts: int
    """Fruitless attempts so far, this one included (reset after a kill)."""
    nr_reclaimed: int
    """Pages the last attempt freed."""
    from_page_fault: bool
    """It serves a page fault, not a system call."""
    cgroup: str
    """``v1`` or ``v2``."""
    kills: int
    """OOM kills this charge has caused already."""


class DirtierView(NamedTuple):
    """A task in balance_dirty_pages_ratelimited()."""

    task_flags: int
    """PF_* flags of the task; see ``reclaimlab.policy.gfp``."""
    filesystem: str
    """Type of the filesystem written to (``xfs``, ``ext4``, ...)."""
    in_memcg: bool
    """The task is in a memcg other than the root."""
    cgroup: str
    """``v1`` or ``v2``."""


class Features(NamedTuple):
    """Facts of a kernel version that are no decisions of reclaim: structure, sizes, timers.

    A kernel answers these once per run; a fix leaves them alone.
    """

    soft_limit_reclaim: bool
    """Soft-limit reclaim exists in global reclaim (cgroup v1 only)."""
    charge_retries: int
    """MEM_CGROUP_RECLAIM_RETRIES / MAX_RECLAIM_RETRIES."""
    memcg_reclaim_loops: int
    """Calls of try_to_free_mem_cgroup_pages() in one attempt (100 up to v3.11, then 1)."""
    charges_kernel_memory: bool
    """Slab and kernel stacks are charged to the memcg by default."""
    legacy_block_queue: bool
    """Request queues that signal congestion (before blk-mq)."""
    page_alloc_gives_up: bool
    """should_reclaim_retry(): after 16 fruitless rounds an FS allocation goes to OOM (v4.7)."""
    nofs_oom_kills: bool
    """Whether an allocation without __GFP_FS may invoke the global OOM killer (never)."""
    file_inactive_ratio: bool
    """The sqrt inactive ratio applies to file pages too (v4.12); before, active > inactive."""
    large_folios: bool
    """write(2) makes folios as large as the write (v6.6 for XFS, v6.16 for ext4)."""
    memcg_shrinkers: bool
    """shrink_slab() runs in memcg reclaim too (v4.0)."""
    global_dirty_limit_per_wb: bool
    """cgroup writeback exists (v4.2): a memcg can have its own bdi_writeback on v2."""
    zone_writeback_flag: bool = True
    """ZONE_WRITEBACK / PGDAT_WRITEBACK exists (v3.11): a batch all under writeback sets it."""
    rotates_active: bool = False
    """A page that reclaim marked goes to the inactive tail at the end of its writeback even from
    the active list (c55e8d035b28, in v4.11)."""
    estimates_by_inode: bool = False
    """A flusher's speed is measured around each do_writepages() and while an inode is under
    writeback (42dd235cb15c and fee468fdf41c, in v5.16), not after each round."""
    deferred_memory_init: bool = False
    """Most memory is initialised after the dirty limit was first set (deferred struct pages)."""
    folio_names: bool = False
    """Functions are named after folios (v5.17): shrink_folio_list, folio_wait_writeback."""


class FilesystemView(NamedTuple):
    """A filesystem about to be mounted."""

    filesystem: str
    """``xfs``, ``ext4``, ``ext3``, ``gfs2`` or ``tmpfs``."""


class FilesystemFeatures(NamedTuple):
    """What a filesystem of a kernel version does where versions differ."""

    completion: Literal["irq", "worker", "append"]
    """Where end_page_writeback() is called for new data: ``irq`` in the bio end handler; ``worker``
    after an unwritten conversion; ``append`` (XFS, v3.4 to v5.x) after an inode-size
    transaction."""
    one_work_per_inode: bool
    """XFS since v5.6: completions of an inode are one work item and merge."""
    max_ioend_pages: int
    """Most pages (XFS with large folios: folios) one completion unit can hold; 0 is no limit but
    the flusher's chunk."""
    bio_max_pages: int
    """Most pages one bio can hold when pages are small (BIO_MAX_PAGES)."""
    maps_while_unsubmitted: bool
    """ext4 since v3.11: extents are mapped (and metadata charged) while marked pages are not yet
    submitted."""
    cgroup_writeback: bool
    """SB_I_CGROUPWB: the memcg's own dirty throttling applies on cgroup v2."""
    size_in_handle: bool
    """ext4 up to v6.6: write() of new pages logs the file's size in a handle of its own."""
    submission_allocates_transaction: bool
    """XFS up to v5.x: xfs_setfilesize_trans_alloc() between marking and submission."""
