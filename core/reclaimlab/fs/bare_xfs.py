"""XFS reduced to how its writeback ends: no log, no inodes, no locks.

A completed I/O is an item of a workqueue; its worker allocates with GFP_NOFS and only then ends the
writeback (fs/xfs/xfs_aops.c:xfs_end_io() of v3.10). That is the protocol behind the posted hang,
small enough for every schedule of it to be looked at. Policies are asked as for XFS.

What it allocates is ``completion_memory``: ``charge``, a page of kernel memory charged to the memcg
of the pages; or ``slab``, as v3.10 does, what XFS's own commit formats the inode into.

Departures: all is given back when the writeback has ended, and each page is an I/O of its own. With
``charge``, the memory is charged, as slab memory is since v4.5, and the page allocator looks at the
task's flags (PF_MEMALLOC_NOIO) before the charge, as since v4.12. With ``slab``, the cache of the
formatted inode is reaped after each completion, that of its log vectors always has some.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from reclaimlab.fs import xfs_log
from reclaimlab.fs.base import Filesystem, FilesystemOptions
from reclaimlab.fs.xfs import XfsItemFormat
from reclaimlab.kernel import bounded_pool, costs, kmem, page_alloc, page_writeback, slab, workqueue
from reclaimlab.policy.contexts import Scope
from reclaimlab.policy.gfp import GFP_KERNEL, PF_MEMALLOC

if TYPE_CHECKING:
    from reclaimlab.engine.task import Steps
    from reclaimlab.kernel.backing_dev import BackingDev
    from reclaimlab.kernel.folio import Extent, Mapping
    from reclaimlab.kernel.kernel import Kernel
    from reclaimlab.kernel.memcontrol import MemCgroup
    from reclaimlab.kernel.writeback_unit import WritebackUnit
    from reclaimlab.policy.contexts import FilesystemFeatures


class BareXfs(XfsItemFormat, Filesystem):
    """A mounted filesystem of which only the completion is XFS's."""

    type = "xfs"

    def __init__(
        self,
        k: Kernel,
        name: str,
        bdi: BackingDev,
        features: FilesystemFeatures,
        options: FilesystemOptions,
    ) -> None:
        super().__init__(k, name, bdi, features, options)
        self.wq = workqueue.Workqueue(k, f"xfs-data/{name}", mem_reclaim=False)
        self.pool = bounded_pool.BoundedPool(k, options.workers)
        self.commits = options.completion_memory == "slab"
        if self.commits:
            vectors = slab.kmem_cache(k, xfs_log.LOG_VEC_BYTES)
            vectors.free, vectors.pages = vectors.per_page, 1
            k.zone.free -= 1

    def unit_limit(self, mapping: Mapping) -> int:
        """Return 1: each page is an I/O of its own."""
        del mapping
        return 1

    def mark(
        self, k: Kernel, mapping: Mapping, run: list[Extent], label: str, task: Any
    ) -> WritebackUnit:
        """Mark, and say who will end it."""
        unit = super().mark(k, mapping, run, label, task)
        unit.completer = workqueue.PendingWork("completion", self.wq, self.pool)
        return unit

    def end_bio(self, unit: WritebackUnit) -> None:
        """xfs_finish_ioend(), in the interrupt: queue the work."""
        completer = unit.completer
        assert isinstance(completer, workqueue.PendingWork)  # mark() set it
        work = workqueue.Work(self.wq, partial(self.xfs_end_io, self.k, unit), "xfs_end_io")
        completer.work = work
        self.wq.queue_work(work, self.pool)

    def xfs_end_io(self, k: Kernel, unit: WritebackUnit) -> Steps:
        """Allocate, end the writeback, free."""
        flags = self.enter_scope(Scope.COMPLETION_WORK, k.current)
        memcg = next(iter(unit.extents)).memcg
        yield from self.xfs_setfilesize(k, memcg)
        page_writeback.end_page_writeback(k, unit)
        self._free(k, memcg)
        k.current.flags = flags | (k.current.flags & PF_MEMALLOC)
        yield costs.COMPLETE_PAGE_NS

    def _free(self, k: Kernel, memcg: MemCgroup) -> None:
        if self.commits:
            slab.kfree(k, xfs_log.LOG_VEC_BYTES)
            slab.kfree(k, xfs_log.VECTOR_BYTES)
            slab.cache_reap(k, xfs_log.VECTOR_BYTES)
            return
        kmem.memcg_uncharge_kmem(memcg, 1)
        page_alloc.free_pages(k, 1)

    def xfs_setfilesize(self, k: Kernel, memcg: MemCgroup) -> Steps:
        """Log the new size, or allocate what that takes: one page, KM_NOFS."""
        if self.commits:
            yield from self.xfs_trans_commit(k, "xfs_setfilesize")
            return
        site = "xfs_inode_item_format_extents"
        asked = slab.caller_gfp(
            k, GFP_KERNEL, site, within="xfs_setfilesize", filesystem="xfs", km_nofs=True
        )
        gfp = page_alloc.gfp_in_context(k, asked, site)
        yield from page_alloc.alloc_pages(k, gfp, 1, site=site)
        yield from kmem.memcg_charge_kmem(
            k, memcg, gfp, 1, retries_for_ever=self.options.charge_failure == "retry"
        )

    def xfs_trans_commit(self, k: Kernel, within: str) -> Steps:
        """Format the inode, in a transaction whose log space was reserved before."""
        flags = self.enter_scope(Scope.TRANSACTION, k.current)
        yield from self.xfs_log_commit_cil(k, None, within)
        k.current.flags = flags | (k.current.flags & PF_MEMALLOC)

    def writepage(self, k: Kernel, extent: Extent) -> Steps:
        """Refuse: reclaim never writes."""
        del k, extent
        yield from ()
        return False
