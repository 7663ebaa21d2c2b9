"""XFS: delayed allocation, ioends, and completion that needs a transaction.

Follows fs/xfs/xfs_aops.c, xfs_iomap.c, xfs_file.c and xfs_inode_item.c of v3.10. After the device
is done an ioend may end in the interrupt (overwrite), or only after a worker has committed a
transaction: the inode's new size (append) or an unwritten conversion. That transaction allocates
memory.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from reclaimlab.engine.locks import Mutex, RwSem
from reclaimlab.fs import xfs_log
from reclaimlab.fs.base import Filesystem, FilesystemOptions, end_of, pages_of, still_dirty
from reclaimlab.kernel import (
    buffered_write,
    costs,
    page_alloc,
    page_writeback,
    slab,
    workqueue,
)
from reclaimlab.policy.contexts import Scope
from reclaimlab.policy.gfp import GFP_FS, GFP_KERNEL, PF_KSWAPD, PF_MEMALLOC
from reclaimlab.units import PAGE_SIZE

if TYPE_CHECKING:
    from reclaimlab.engine.task import Steps
    from reclaimlab.kernel.aops import WritebackControl
    from reclaimlab.kernel.backing_dev import BackingDev
    from reclaimlab.kernel.folio import Extent, Mapping
    from reclaimlab.kernel.kernel import Kernel
    from reclaimlab.kernel.process import Process
    from reclaimlab.kernel.writeback_unit import WritebackUnit
    from reclaimlab.policy.contexts import FilesystemFeatures

INODES_PER_PAGE = 4
"""struct xfs_inode of v3.10 takes about 1 KiB in core."""
TRANS_BYTES = 232
"""struct xfs_trans of v3.10 (kmem_zone xfs_trans): 17 a page."""
IOEND_BYTES = 128


class XfsInode:
    """An inode: its locks, and completions that wait for its one work item (since v5.6).

    ILOCK guards extents and size; IOLOCK serialises write(2). Completion needs ILOCK only.
    """

    __slots__ = ("ilock", "ioends", "iolock", "name", "preallocated", "work_queued")

    def __init__(self, k: Kernel, name: str) -> None:
        self.name = name
        self.ilock = RwSem(k.loop, f"ILOCK of {name}")
        self.iolock = Mutex(k.loop, f"IOLOCK of {name}")
        self.ioends: list[WritebackUnit] = []
        self.work_queued: workqueue.Work | None = None
        self.preallocated = False


class XfsItemFormat:
    """How a commit formats what it changed into memory of its own: the allocations of a commit."""

    def xfs_log_commit_cil(self, k: Kernel, inode: XfsInode | None, within: str) -> Steps:
        """Format the dirty items; memory is allocated outside the context lock on purpose."""
        yield from self.xlog_cil_prepare_log_vecs(k, inode, within)

    def xlog_cil_prepare_log_vecs(self, k: Kernel, inode: XfsInode | None, within: str) -> Steps:
        """Allocate a log vector and have each item format itself."""
        yield from slab.kmem_alloc(
            k, xfs_log.LOG_VEC_BYTES, "xlog_cil_prepare_log_vecs", within=within, filesystem="xfs"
        )
        yield from self.xfs_inode_item_format(k, inode, within)

    def xfs_inode_item_format(self, k: Kernel, inode: XfsInode | None, within: str) -> Steps:
        """Format core and fork of an inode."""
        yield from self.xfs_inode_item_format_extents(k, inode, within)

    def xfs_inode_item_format_extents(
        self, k: Kernel, inode: XfsInode | None, within: str
    ) -> Steps:
        """Copy the extent list: the posted stack's allocation, KM_SLEEP, NOFS by PF_FSTRANS."""
        del inode
        yield from slab.kmem_alloc(
            k,
            xfs_log.VECTOR_BYTES,
            "xfs_inode_item_format_extents",
            within=within,
            filesystem="xfs",
        )


class Xfs(XfsItemFormat, Filesystem):
    """A mounted XFS."""

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
        self.log = xfs_log.XfsLog(k, name, bdi.device, options.log_size)
        self.wq_data = workqueue.Workqueue(k, f"xfs-data/{name}")
        self.wq_conv = workqueue.Workqueue(k, f"xfs-conv/{name}")
        self.agi = Mutex(k.loop, f"AGI buffer of {name}")
        k.shrinkers.append(XfsInodeShrinker(self))
        self.cached_inodes = 0

    # ---- files ----------------------------------------------------------------------------------

    def new_inode(self, mapping: Mapping) -> XfsInode:
        """Return the in-core inode of a new file."""
        self.cached_inodes += 1
        if not self.cached_inodes % INODES_PER_PAGE:
            self.k.zone.free -= 1
        return XfsInode(self.k, mapping.name)

    def create(self, k: Kernel, name: str) -> Steps:
        """Create a file in a transaction of its own."""
        return (yield from self.xfs_create(k, name))

    def xfs_create(self, k: Kernel, name: str, *, nested_gfp: str = "") -> Steps:
        """Reserve log space, take the AGI, allocate the inode, commit.

        ``nested_gfp`` is for experiments: an allocation inside the transaction that does not go
        through XFS's own wrappers: ``kernel`` (a plain GFP_KERNEL) or ``vmalloc`` (page tables,
        which the caller's flags do not reach).
        """
        flags = yield from self.xfs_trans_reserve(k, xfs_log.TR_CREATE, "xfs_create")
        yield from self.agi.mutex_lock(k.current)
        if nested_gfp:
            # A page that XFS's own wrappers never see: a plain GFP_KERNEL, or a page table.
            site = "pte_alloc_one_kernel" if nested_gfp == "vmalloc" else "kmem_zone_zalloc"
            yield from page_alloc.alloc_pages(k, GFP_KERNEL, 1, site=site)
        mapping = self.new_file(name)
        inode: XfsInode = mapping.private
        yield from self.xfs_trans_commit(k, inode, xfs_log.TR_CREATE, "xfs_create")
        self.agi.unlock()
        k.current.flags = flags
        if nested_gfp:
            page_alloc.free_pages(k, 1)
        return mapping

    def vfs_write(
        self, k: Kernel, mapping: Mapping, process: Process, index: int, nr: int, copy_ns: int
    ) -> Steps:
        """write(2): all of it under IOLOCK."""
        return (yield from self.xfs_file_aio_write(k, mapping, process, index, nr, copy_ns))

    def xfs_file_aio_write(
        self, k: Kernel, mapping: Mapping, process: Process, index: int, nr: int, copy_ns: int
    ) -> Steps:
        """Take IOLOCK_EXCL and write through the page cache."""
        inode: XfsInode = mapping.private
        if not inode.iolock.trylock(k.current):
            yield from inode.iolock.mutex_lock(k.current)
        wrote = yield from buffered_write.generic_perform_write(
            k, mapping, process, index, nr, copy_ns
        )
        inode.iolock.unlock()
        return wrote

    def preallocate(self, mapping: Mapping, nr: int) -> None:
        """fallocate(2): unwritten extents up to page ``nr``, file size included."""
        mapping.private.preallocated = True
        mapping.ondisk_pages = mapping.size_pages = max(mapping.size_pages, nr)

    # ---- transactions ---------------------------------------------------------------------------

    def xfs_trans_reserve(self, k: Kernel, size: int, within: str) -> Steps:
        """Allocate a transaction, reserve log space; give the task flags to restore at its end."""
        yield from self.xfs_trans_alloc(k, within)
        flags = self.enter_scope(Scope.TRANSACTION, k.current)
        yield from self.log.xfs_log_reserve(k, size)
        return flags

    def xfs_trans_alloc(self, k: Kernel, within: str, *, km_nofs: bool = False) -> Steps:
        """Allocate a transaction structure."""
        yield from slab.kmem_alloc(
            k, TRANS_BYTES, "_xfs_trans_alloc", within=within, filesystem="xfs", km_nofs=km_nofs
        )

    def xfs_trans_commit(self, k: Kernel, inode: XfsInode, reserved: int, within: str) -> Steps:
        """Commit a change of ``inode``: format it into log vectors, move it to the CIL."""
        yield from self.xfs_log_commit_cil(k, inode, within)
        self.log.insert_item(inode, reserved)
        slab.kfree(k, TRANS_BYTES)
        if not k.loop.elapse(costs.COMMIT_NS):
            yield costs.COMMIT_NS

    # ---- writeback ------------------------------------------------------------------------------

    def unit_limit(self, mapping: Mapping) -> int:
        """Return the most pages one ioend may have.

        Since v6.8 an ioend is one bio of at most 256 vectors, one a folio; before, bios are chained
        and only the count of folios (IOEND_BATCH_SIZE, v5.17) or the flusher's chunk limits it.
        Small folios that are neighbours in memory share a vector; here none are.
        """
        limit = self.features.max_ioend_pages or 1 << 60
        if self.k.features.large_folios:
            first = mapping.dirty.at_or_after(mapping.writeback_index) or mapping.dirty.first()
            folio = first.folio_pages if first else 1
            limit = min(limit, self.features.bio_max_pages) * folio
        return limit

    def writepages(self, k: Kernel, mapping: Mapping, wbc: WritebackControl) -> Steps:
        """Write dirty pages, one ioend for each run without a gap."""
        yield from self.xfs_vm_writepages(k, mapping, wbc)

    def xfs_vm_writepages(self, k: Kernel, mapping: Mapping, wbc: WritebackControl) -> Steps:
        """Gather, map, mark and submit until the quota is used."""
        while wbc.nr_to_write > 0:
            run = yield from self.prepare(mapping, min(wbc.nr_to_write, self.unit_limit(mapping)))
            if not run:
                break
            wbc.nr_to_write -= yield from self.write_run(k, mapping, run)

    def write_run(self, k: Kernel, mapping: Mapping, run: list[Extent]) -> Steps:
        """Write one run as one ioend; give its pages."""
        return (yield from self.xfs_vm_writepage(k, mapping, run))

    def xfs_vm_writepage(self, k: Kernel, mapping: Mapping, run: list[Extent]) -> Steps:
        """Map before marking; an append transaction between marking and submission."""
        inode: XfsInode = mapping.private
        first, nr = run[0], pages_of(run)
        if not inode.preallocated and end_of(run) > mapping.ondisk_pages:
            yield from self.xfs_iomap_write_allocate(k, inode)
        run = still_dirty(mapping, first, nr)
        if not run:
            return 0
        flags = self.enter_scope(Scope.SUBMISSION, k.current)
        unit = self.mark(k, mapping, run, "ioend", k.current)
        self._classify(mapping, inode, unit, run)
        if unit.appends and self.features.submission_allocates_transaction:
            yield from self.xfs_setfilesize_trans_alloc(k)
        if unit.appends or unit.unwritten:
            unit.completer = workqueue.PendingWork(
                f"completion of {unit.label}",
                self.wq_conv if unit.unwritten else self.wq_data,
                workqueue.bound_pool(k, self.bdi.device.irq_cpu),
            )
        yield from self.xfs_submit_ioend(k, unit)
        k.current.flags = flags | (k.current.flags & PF_MEMALLOC)
        return unit.nr_pages

    def _classify(
        self, mapping: Mapping, inode: XfsInode, unit: WritebackUnit, run: list[Extent]
    ) -> None:
        """Tell an append, an unwritten conversion and a plain overwrite apart."""
        end = max(extent.index + extent.nr for extent in run)
        if inode.preallocated:
            unit.unwritten = True
        elif end > mapping.ondisk_pages:
            unit.appends = self.features.completion == "append"
            unit.unwritten = self.features.completion == "worker"
        unit.private = end

    def xfs_iomap_write_allocate(self, k: Kernel, inode: XfsInode) -> Steps:
        """Allocate the blocks of a delayed allocation, in a transaction."""
        flags = yield from self.xfs_trans_reserve(k, xfs_log.TR_WRITE, "xfs_iomap_write_allocate")
        yield from inode.ilock.down_write(k.current)
        if not k.loop.elapse(costs.MAP_EXTENT_NS):
            yield costs.MAP_EXTENT_NS
        yield from self.xfs_trans_commit(k, inode, xfs_log.TR_WRITE, "xfs_iomap_write_allocate")
        inode.ilock.up_write()
        k.current.flags = flags

    def xfs_setfilesize_trans_alloc(self, k: Kernel) -> Steps:
        """Allocate the append transaction with pages marked and not submitted: GFP_KERNEL.

        The task is a plain flusher here, so __GFP_FS is set; a wait in reclaim can be for the very
        pages that this task has marked.
        """
        yield from self.xfs_trans_alloc(k, "xfs_setfilesize_trans_alloc")
        yield from self.log.xfs_log_reserve(k, xfs_log.TR_SWRITE)

    def xfs_submit_ioend(self, k: Kernel, unit: WritebackUnit) -> Steps:
        """Send the bios of an ioend."""
        yield from self.submit(k, unit)

    def writepage(self, k: Kernel, extent: Extent) -> Steps:
        """Refuse writeback from direct reclaim (xfs_vm_writepage redirties); kswapd may."""
        if not k.current.flags & PF_KSWAPD or not extent.dirty or extent.unit is not None:
            return False
        yield from self.xfs_vm_writepage(k, extent.mapping, [extent])
        return True

    def is_beside(self, unit: WritebackUnit) -> bool:
        """Return whether a unit follows the last one on the device: small new files do.

        XFS puts the files of a directory side by side: most requests of e_small_xfs_20MBps_100M_r1
        (6.18) are full. Large files fill requests of their own, overwritten pages are anywhere.
        """
        small = unit.nr_pages * PAGE_SIZE < self.bdi.device.max_request
        whole = unit.mapping.size_pages == unit.nr_pages
        return self.k.features.folio_names and unit.unwritten and small and whole

    # ---- completion -----------------------------------------------------------------------------

    def end_bio(self, unit: WritebackUnit) -> None:
        """xfs_finish_ioend(), in the interrupt."""
        completer = unit.completer
        if completer is None:
            page_writeback.end_page_writeback(self.k, unit)
            return
        assert isinstance(completer, workqueue.PendingWork)
        wq, pool = completer.wq, completer.pool
        if not self.features.one_work_per_inode:
            work = workqueue.Work(
                wq, partial(self.xfs_end_io, self.k, [unit]), f"xfs_end_io of {unit.label}"
            )
            completer.work = work
            wq.queue_work(work, pool)
            return
        inode: XfsInode = unit.mapping.private
        inode.ioends.append(unit)
        if inode.work_queued is None:
            inode.work_queued = workqueue.Work(
                wq, partial(self._end_inode, inode), f"xfs_end_io of {inode.name}"
            )
            wq.queue_work(inode.work_queued, pool)
        completer.work = inode.work_queued

    def _end_inode(self, inode: XfsInode) -> Steps:
        ioends, inode.ioends, inode.work_queued = inode.ioends, [], None
        yield from self.xfs_end_io(self.k, ioends)

    def xfs_end_io(self, k: Kernel, ioends: list[WritebackUnit]) -> Steps:
        """Complete ioends: the transaction first, so that its error reaches the pages."""
        flags = self.enter_scope(Scope.COMPLETION_WORK, k.current)
        for unit in ioends:
            if unit.unwritten:
                yield from self.xfs_iomap_write_unwritten(k, unit)
            else:
                yield from self.xfs_setfilesize(k, unit)
            unit.mapping.ondisk_pages = max(unit.mapping.ondisk_pages, unit.private)
            nr = unit.nr_pages
            page_writeback.end_page_writeback(k, unit)
            spent_ns = nr * costs.COMPLETE_PAGE_NS
            if not k.loop.elapse(spent_ns):
                yield spent_ns
        k.current.flags = flags | (k.current.flags & PF_MEMALLOC)

    def xfs_setfilesize(self, k: Kernel, unit: WritebackUnit) -> Steps:
        """Log the new size, in the transaction reserved at submission."""
        inode: XfsInode = unit.mapping.private
        yield from inode.ilock.down_write(k.current)
        yield from self.xfs_trans_commit(k, inode, xfs_log.TR_SWRITE, "xfs_setfilesize")
        inode.ilock.up_write()

    def xfs_iomap_write_unwritten(self, k: Kernel, unit: WritebackUnit) -> Steps:
        """Convert unwritten extents, in a transaction that may have to wait for log space."""
        within = "xfs_iomap_write_unwritten"
        inode: XfsInode = unit.mapping.private
        yield from self.xfs_trans_alloc(k, within, km_nofs=True)
        flags = self.enter_scope(Scope.TRANSACTION, k.current)
        yield from self.log.xfs_log_reserve(k, xfs_log.TR_WRITE)
        yield from inode.ilock.down_write(k.current)
        if not k.loop.elapse(costs.MAP_EXTENT_NS):
            yield costs.MAP_EXTENT_NS
        yield from self.xfs_trans_commit(k, inode, xfs_log.TR_WRITE, within)
        inode.ilock.up_write()
        k.current.flags = flags


class XfsInodeShrinker:
    """Reclaim of unused XFS inodes: takes locks and waits for the log, which is why NOFS exists."""

    __slots__ = ("name", "xfs")

    def __init__(self, xfs: Xfs) -> None:
        self.xfs = xfs
        self.name = f"xfs inodes of {xfs.name}"

    def count(self) -> int:
        """Return the unused inodes."""
        return self.xfs.cached_inodes

    def scan(self, k: Kernel, nr: int, gfp: int) -> Steps:
        """Free inodes; give the pages that gave."""
        if not gfp & GFP_FS:
            return 0
        return (yield from self.xfs_reclaim_inodes_nr(k, nr))

    def xfs_reclaim_inodes_nr(self, k: Kernel, nr: int) -> Steps:
        """Push the AIL, then free inodes a cluster buffer at a time (SYNC_TRYLOCK | SYNC_WAIT)."""
        xfs = self.xfs
        xfs.log.push_ail(xfs.log.head)
        nr = min(nr, xfs.cached_inodes)
        if nr <= 0:
            return 0
        yield from self.xfs_reclaim_inode(k)
        xfs.cached_inodes -= nr
        pages = nr // INODES_PER_PAGE
        page_alloc.free_pages(k, pages)
        return pages

    def xfs_reclaim_inode(self, k: Kernel) -> Steps:
        """Lock the inode's buffer and the AGI to free it."""
        yield from self.xfs.agi.mutex_lock(k.current)
        if not k.loop.elapse(costs.COMMIT_NS):
            yield costs.COMMIT_NS
        self.xfs.agi.unlock()
