"""ext4 and ext3: delayed allocation in extents, a journal, completion by interrupt or worker.

Follows fs/ext4/inode.c and page-io.c of v3.6, v3.10 and v3.11. Up to v3.10 end_page_writeback() is
called in the bio end handler: PG_writeback never depends on memory at completion. From v3.11
extents are unwritten until a worker has converted them, with a handle reserved before.

ext3 here is ext4 without delayed extents: bios of one request each, completion in the interrupt.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from reclaimlab.engine.task import NO_STEPS
from reclaimlab.fs.base import Filesystem, FilesystemOptions, pages_of, still_dirty
from reclaimlab.fs.jbd2 import Journal
from reclaimlab.kernel import (
    buffered_write,
    costs,
    filemap,
    memcontrol,
    page_alloc,
    page_writeback,
    reclaim_throttle,
    workqueue,
)
from reclaimlab.kernel.folio import Mapping
from reclaimlab.policy.contexts import Scope
from reclaimlab.policy.gfp import GFP_FS, GFP_HIGHMEM, GFP_MOVABLE, GFP_NOFS, PF_MEMALLOC
from reclaimlab.units import PAGE_SIZE

if TYPE_CHECKING:
    from reclaimlab.engine.locks import Mutex
    from reclaimlab.engine.task import Steps
    from reclaimlab.kernel.aops import WritebackControl
    from reclaimlab.kernel.backing_dev import BackingDev
    from reclaimlab.kernel.folio import Extent
    from reclaimlab.kernel.kernel import Kernel
    from reclaimlab.kernel.process import Process
    from reclaimlab.kernel.writeback_unit import WritebackUnit
    from reclaimlab.policy.contexts import FilesystemFeatures

INODES_PER_BLOCK = 16
"""Inodes of 256 bytes in a block of the inode table."""
EXTENTS_IN_INODE = 4
EXTENTS_IN_BLOCK = 340
"""(4096 - 12) / 12: after so many extents the tree needs another block."""


class Ext4(Filesystem):
    """A mounted ext4."""

    type = "ext4"

    def __init__(
        self,
        k: Kernel,
        name: str,
        bdi: BackingDev,
        features: FilesystemFeatures,
        options: FilesystemOptions,
    ) -> None:
        super().__init__(k, name, bdi, features, options)
        self.journal = Journal(k, name, bdi.device, ordered=features.completion == "irq")
        self.wq_rsv = workqueue.Workqueue(k, f"ext4-rsv-conversion/{name}")
        self.bdev = Mapping(f"bdev:{bdi.name}", bdi=bdi, a_ops=self)
        self._handle_first = self.prepares_writes = not self._write_begin_mask & GFP_FS
        self._size_in_handle = features.size_in_handle
        self.finishes_writes = self._handle_first or self._size_in_handle
        self._extents: dict[Mapping, int] = {}
        self._blocks: dict[Mapping, int] = {}
        """File -> the block of the inode table that its inode is in."""
        self._times: dict[Mapping, int] = {}
        """File -> tick of its last change."""

    @property
    def buffer_heads_ns(self) -> int:
        """CPU time that the buffer heads of a page take in write(2)."""
        return costs.BUFFER_HEADS_NS

    def new_inode(self, mapping: Mapping) -> Any:
        """Give the file the next inode of the table."""
        self._blocks[mapping] = self.nr_files // INODES_PER_BLOCK
        return super().new_inode(mapping)

    def inode_block(self, mapping: Mapping) -> int:
        """Return the block of the inode table that an inode is in, with its neighbours."""
        return self._blocks[mapping]

    # ---- write(2) -------------------------------------------------------------------------------

    def vfs_write(
        self, k: Kernel, mapping: Mapping, process: Process, index: int, nr: int, copy_ns: int
    ) -> Steps:
        """write(2) under i_mutex."""
        return (yield from self.ext4_file_write(k, mapping, process, index, nr, copy_ns))

    def ext4_file_write(
        self, k: Kernel, mapping: Mapping, process: Process, index: int, nr: int, copy_ns: int
    ) -> Steps:
        """Take i_mutex, note the new times, write through the page cache."""
        mutex: Mutex = mapping.private
        task = k.loop.current
        assert task is not None
        if not mutex.trylock(task):
            yield from mutex.mutex_lock(task)
        tick = k.loop.now // k.jiffy_ns  # times go by ticks: within one they are the same
        if self._times.get(mapping) != tick:
            self._times[mapping] = tick
            if not self.journal.log_at_once(self.inode_block(mapping)):
                yield from self.file_update_time(k, mapping)
        wrote = yield from buffered_write.generic_perform_write(
            k, mapping, process, index, nr, copy_ns
        )
        mutex.unlock()
        return wrote

    def file_update_time(self, k: Kernel, mapping: Mapping) -> Steps:
        """Note the new times."""
        yield from self.ext4_dirty_inode(k, mapping)

    def ext4_dirty_inode(self, k: Kernel, mapping: Mapping) -> Steps:
        """Log the inode in a handle of its own."""
        yield from self.journal.jbd2_journal_start(k)
        yield from self.journal.do_get_write_access(self.inode_block(mapping))
        self.journal.dirty_metadata(self.inode_block(mapping))
        self.journal.jbd2_journal_stop(k)

    def write_begin(self, k: Kernel, mapping: Mapping, process: Process) -> Steps:
        """Up to v3.8 the handle is open while the page is allocated, so that must be NOFS.

        Linux kernel commit 47564bfb95bf ("ext4: grab page before starting transaction handle in
        write_begin()") (in v3.9) turned the two round.
        """
        del process
        return self.ext4_da_write_begin(k, mapping) if self._handle_first else NO_STEPS

    def ext4_da_write_begin(self, k: Kernel, mapping: Mapping) -> Steps:
        """Open the handle of one page's write."""
        del mapping
        yield from self.journal.jbd2_journal_start(k)

    def write_end(self, k: Kernel, mapping: Mapping, process: Process) -> Steps:
        """Log the new size if it grew: since v6.7 only with the blocks (ext4_da_do_write_end)."""
        del process
        if self._handle_first:
            self.journal.dirty_metadata(self.inode_block(mapping))
            self.journal.jbd2_journal_stop(k)
        elif self._size_in_handle:
            running = self.journal.running
            if self._blocks[mapping] not in running.blocks or running.locked:
                return self.ext4_da_write_end(k, mapping)
        return NO_STEPS

    def ext4_da_write_end(self, k: Kernel, mapping: Mapping) -> Steps:
        """Log the inode, which the running transaction does not hold yet."""
        yield from self.ext4_dirty_inode(k, mapping)

    # ---- writeback ------------------------------------------------------------------------------

    def bio_limit(self, run: list[Extent]) -> int:
        """Return the pages that fit into one bio: 256 vectors, one a folio."""
        return self.features.bio_max_pages * (
            run[0].folio_pages if self.k.features.large_folios else 1
        )

    def unit_limit(self, mapping: Mapping) -> int:
        """Return the most pages mapped in one go: MAX_WRITEPAGES_EXTENT_LEN, or a free extent."""
        del mapping
        most = self.features.max_ioend_pages or 2048
        return min(most, self.options.free_extent_pages) if self.options.free_extent_pages else most

    def writepages(self, k: Kernel, mapping: Mapping, wbc: WritebackControl) -> Steps:
        """Write dirty pages, an extent at a time."""
        yield from self.ext4_writepages(k, mapping, wbc)

    def ext4_writepages(self, k: Kernel, mapping: Mapping, wbc: WritebackControl) -> Steps:
        """Map and mark extent by extent; a bio may be held back while the next one is mapped."""
        held: WritebackUnit | None = None
        while wbc.nr_to_write > 0:
            run = yield from self.prepare(mapping, min(wbc.nr_to_write, self.unit_limit(mapping)))
            if not run:
                break
            first, nr = run[0], pages_of(run)
            yield from self.mpage_map_one_extent(k, mapping)
            if held is not None:
                yield from self.ext4_io_submit(k, held)
                held = None
            run = still_dirty(mapping, first, nr)
            units = self._mark_bios(k, mapping, run) if run else []
            wbc.nr_to_write -= sum(unit.nr_pages for unit in units)
            if units and self.features.maps_while_unsubmitted:
                held = units.pop()
            for unit in units:
                yield from self.ext4_io_submit(k, unit)
        if held is not None:
            yield from self.ext4_io_submit(k, held)

    def _mark_bios(self, k: Kernel, mapping: Mapping, run: list[Extent]) -> list[WritebackUnit]:
        """Mark a mapped run: a unit a bio if the interrupt ends it, else one for all."""
        if self.features.completion != "irq":
            unit = self.mark(k, mapping, run, "io_end", k.current)
            unit.unwritten = True
            unit.completer = workqueue.PendingWork(
                f"completion of {unit.label}", self.wq_rsv, workqueue.unbound_pool(k)
            )
            return [unit]
        limit, task = self.bio_limit(run), k.current
        units: list[WritebackUnit] = []
        while run:
            bio: list[Extent] = []
            count = 0
            while run and count < limit:
                extent = run.pop(0)
                rest = self._cut(extent, limit - count)
                bio.append(extent)
                count += extent.nr
                if rest is None and count >= limit:
                    rest = self._follows(extent, run)
                if rest is not None:
                    run.insert(0, rest)
            units.append(self.mark(k, mapping, bio, "bio", task))
        return units

    @staticmethod
    def _follows(extent: Extent, run: list[Extent]) -> Extent | None:
        """Return the dirty extent right behind ``extent`` that a run has left out, if any."""
        end = extent.index + extent.nr
        if run and run[0].index == end:
            return None
        rest = extent.mapping.dirty.holding(end)
        return rest if rest is not None and rest.index == end and rest.unit is None else None

    def mpage_map_one_extent(self, k: Kernel, mapping: Mapping) -> Steps:
        """Allocate blocks for one extent in a handle; the tree may need a block of its own."""
        yield from self.journal.jbd2_journal_start(k)
        flags = self.enter_scope(Scope.TRANSACTION, k.current)
        yield from self.ext4_map_blocks(k, mapping)
        yield from self.journal.do_get_write_access(self.inode_block(mapping))
        self.journal.dirty_metadata(self.inode_block(mapping))
        self.journal.file_inode(mapping)
        k.current.flags = flags | (k.current.flags & PF_MEMALLOC)
        self.journal.jbd2_journal_stop(k)

    def ext4_map_blocks(self, k: Kernel, mapping: Mapping) -> Steps:
        """Insert one extent."""
        count = self._extents[mapping] = self._extents.get(mapping, 0) + 1
        if count > EXTENTS_IN_INODE and (count - EXTENTS_IN_INODE) % EXTENTS_IN_BLOCK == 1:
            yield from self.ext4_ext_insert_extent(k)
        if not k.loop.elapse(costs.MAP_EXTENT_NS):
            yield costs.MAP_EXTENT_NS

    def ext4_ext_insert_extent(self, k: Kernel) -> Steps:
        """The leaf is full."""
        yield from self.ext4_ext_create_new_leaf(k)

    def ext4_ext_create_new_leaf(self, k: Kernel) -> Steps:
        """Make a new leaf, or a new level."""
        yield from self.ext4_ext_grow_indepth(k)

    def ext4_ext_grow_indepth(self, k: Kernel) -> Steps:
        """Get a metadata block."""
        yield from self.__getblk_slow(k)

    def __getblk_slow(self, k: Kernel) -> Steps:
        """Find or make the buffer of a block."""
        yield from self.grow_dev_page(k)

    def grow_dev_page(self, k: Kernel) -> Steps:
        """Add a page to the block device's page cache: charged to the memcg of whoever runs."""
        gfp = GFP_NOFS | GFP_HIGHMEM | GFP_MOVABLE
        memcg = k.process.memcg
        if not page_alloc.try_alloc(k, 1):
            yield from page_alloc.alloc_pages(k, gfp, 1, site="grow_dev_page")
        if memcg.is_root:
            memcg.charge(1)  # the root has no limit, but its usage counts
        while not memcg.is_root:
            charged = yield from self.__add_to_page_cache_locked(k, memcg, gfp)
            if charged or k.current.killed:
                break
            yield from reclaim_throttle.cond_resched(k)
        self.bdev.size_pages += 1
        filemap.add_to_page_cache_clean(k, self.bdev, self.bdev.size_pages, 1, memcg)

    def __add_to_page_cache_locked(self, k: Kernel, memcg: memcontrol.MemCgroup, gfp: int) -> Steps:
        """Charge the page."""
        return (yield from memcontrol.mem_cgroup_charge(k, memcg, gfp, 1))

    def ext4_io_submit(self, k: Kernel, unit: WritebackUnit) -> Steps:
        """Submit what was held back."""
        yield from self.submit(k, unit)

    def vfs_rename(self, k: Kernel, mapping: Mapping, over: Mapping | None) -> Steps:
        """Replace another file: the new data is flushed first, in the caller's context."""
        yield from self.ext4_rename(k, mapping, over)

    def ext4_rename(self, k: Kernel, mapping: Mapping, over: Mapping | None) -> Steps:
        """Allocate delayed blocks, lest a crash leave an empty file, then swap the names."""
        yield from self.ext4_alloc_da_blocks(k, mapping)
        yield from self.ext4_dirty_inode(k, mapping)
        if over is not None:
            yield from self.vfs_unlink(k, over)

    def ext4_alloc_da_blocks(self, k: Kernel, mapping: Mapping) -> Steps:
        """Start writeback of the file."""
        yield from self.filemap_flush(k, mapping)

    def filemap_flush(self, k: Kernel, mapping: Mapping) -> Steps:
        """Write every dirty page of the file in this task."""
        from reclaimlab.kernel.aops import WritebackControl

        yield from self.ext4_writepages(k, mapping, WritebackControl(1 << 60))

    # ---- completion -----------------------------------------------------------------------------

    def end_bio(self, unit: WritebackUnit) -> None:
        """ext4_end_bio(), in the interrupt."""
        completer = unit.completer
        if completer is None:
            page_writeback.end_page_writeback(self.k, unit)
            return
        assert isinstance(completer, workqueue.PendingWork)
        completer.work = workqueue.Work(
            self.wq_rsv, partial(self.ext4_end_io_rsv_work, self.k, unit), completer.label
        )
        self.wq_rsv.queue_work(completer.work, completer.pool)

    def ext4_end_io_rsv_work(self, k: Kernel, unit: WritebackUnit) -> Steps:
        """Convert the extents in a reserved handle, then end the writeback."""
        flags = self.enter_scope(Scope.COMPLETION_WORK, k.current)
        yield from self.ext4_convert_unwritten_extents(k, unit.mapping)
        nr = unit.nr_pages
        page_writeback.end_page_writeback(k, unit)
        spent_ns = nr * costs.COMPLETE_PAGE_NS
        if not k.loop.elapse(spent_ns):
            yield spent_ns
        k.current.flags = flags

    def ext4_convert_unwritten_extents(self, k: Kernel, mapping: Mapping) -> Steps:
        """Mark the extents written: a change of the inode's block."""
        yield from self.journal.jbd2_journal_start(k)
        yield from self.journal.do_get_write_access(self.inode_block(mapping))
        self.journal.dirty_metadata(self.inode_block(mapping))
        if not k.loop.elapse(costs.COMMIT_NS):
            yield costs.COMMIT_NS
        self.journal.jbd2_journal_stop(k)


class Ext3(Ext4):
    """A mounted ext3: no delayed allocation, buffers merged into single requests."""

    type = "ext3"

    def bio_limit(self, run: list[Extent]) -> int:
        """Return one request's worth of pages: buffers go one by one and merge in the queue."""
        del run
        return max(1, self.bdi.device.max_request // PAGE_SIZE)
