"""What all filesystems share: write(2), gathering dirty pages into units, marking, submitting.

Follows mm/page-writeback.c:write_cache_pages() of v3.10.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from reclaimlab.engine.locks import Mutex
from reclaimlab.engine.task import NO_STEPS
from reclaimlab.kernel import buffered_write, costs, filemap, page_writeback
from reclaimlab.kernel.folio import Mapping
from reclaimlab.kernel.writeback_unit import WritebackUnit
from reclaimlab.policy.contexts import AllocationView, Scope, ScopeView, Stage
from reclaimlab.policy.gfp import GFP_FS, GFP_HIGHUSER_MOVABLE, GFP_IO
from reclaimlab.units import PAGE_SIZE

if TYPE_CHECKING:
    from reclaimlab.engine.task import Steps, Task
    from reclaimlab.kernel.aops import WritebackControl
    from reclaimlab.kernel.backing_dev import BackingDev
    from reclaimlab.kernel.folio import Extent
    from reclaimlab.kernel.kernel import Kernel
    from reclaimlab.kernel.process import Process
    from reclaimlab.policy.contexts import FilesystemFeatures

MAPPING_LEVELS = {
    "default": GFP_HIGHUSER_MOVABLE,
    "noio": GFP_HIGHUSER_MOVABLE & ~(GFP_IO | GFP_FS),
}


def still_dirty(mapping: Mapping, first: Extent, nr: int) -> list[Extent]:
    """Return the extents of ``nr`` pages from ``first`` on that can still be marked, after a sleep.

    Meanwhile reclaim may have split what was gathered, or joined it to its neighbours. Exploring
    numbers pages anew, so that a task that sleeps must hold ``first``, not its index.
    """
    start, end = first.index, first.index + nr
    found: list[Extent] = []
    extent = mapping.dirty.at_or_after(start)
    while extent is not None and extent.index < end:
        if extent.unit is None and extent.locked is None:
            if extent.index < start:
                extent = mapping.split(extent, start - extent.index)
            if extent.index + extent.nr > end:
                mapping.split(extent, end - extent.index)
            found.append(extent)
        extent = mapping.dirty.at_or_after(extent.index + extent.nr)
    return found


def end_of(run: list[Extent]) -> int:
    """Return the page behind a run."""
    return run[-1].index + run[-1].nr


def pages_of(run: list[Extent]) -> int:
    """Return how many pages a run has."""
    return end_of(run) - run[0].index


class FilesystemOptions:
    """What a scenario may set over the kernel version's own ways.

    Attributes:
        write_begin_gfp: ``kernel`` (as the version does), ``fs`` or ``nofs``.
        mapping_gfp: ``default`` or ``noio`` (a loop device's backing file).
        log_size: bytes of journal.
        free_extent_pages: largest free extent of a fragmented filesystem; 0 has no limit.
        workers, charge_failure, completion_memory: see bare_xfs.py.
    """

    __slots__ = (
        "charge_failure",
        "completion_memory",
        "free_extent_pages",
        "log_size",
        "mapping_gfp",
        "workers",
        "write_begin_gfp",
    )

    def __init__(
        self,
        *,
        write_begin_gfp: str = "kernel",
        mapping_gfp: str = "default",
        log_size: int = 10 << 20,
        free_extent_pages: int = 0,
        workers: int = 1,
        charge_failure: str = "force",
        completion_memory: str = "charge",
    ) -> None:
        self.completion_memory = completion_memory
        self.workers = workers
        self.charge_failure = charge_failure
        self.free_extent_pages = free_extent_pages
        self.write_begin_gfp = write_begin_gfp
        self.mapping_gfp = mapping_gfp
        self.log_size = log_size


class Filesystem:
    """A mounted filesystem; subclasses say how writeback completes.

    Attributes:
        type: ``xfs``, ``ext4``, ... features: what this kernel version's does.
        large_folios: write(2) makes large folios here.
        stable_pages: a page under writeback is not changed until it ends (every version here).
    """

    type = ""
    large_folio_types = ("xfs", "ext4")

    def __init__(
        self,
        k: Kernel,
        name: str,
        bdi: BackingDev,
        features: FilesystemFeatures,
        options: FilesystemOptions,
    ) -> None:
        self.k = k
        self.name = name
        self.bdi = bdi
        self.features = features
        self.options = options
        self.large_folios = k.features.large_folios and self.type in self.large_folio_types
        self.stable_pages = False
        self.nr_files = 0
        self._write_begin_mask = self._derive_write_begin_gfp()
        self.prepares_writes = type(self).write_begin is not Filesystem.write_begin
        """Whether write_begin() does anything."""
        self.finishes_writes = type(self).write_end is not Filesystem.write_end
        """Whether write_end() does."""
        self.counts_writes = (
            k.features.folio_names or type(self).write_ns is not Filesystem.write_ns
        )
        """Whether write_ns() gives any time."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name} on {self.bdi.name}>"

    # ---- files ----------------------------------------------------------------------------------

    def new_file(self, name: str) -> Mapping:
        """Return a new, empty file."""
        self.nr_files += 1
        mapping = Mapping(name, a_ops=self, bdi=self.bdi)
        mapping.private = self.new_inode(mapping)
        return mapping

    def new_inode(self, mapping: Mapping) -> Any:
        """Return what the filesystem keeps of a file; here its i_mutex."""
        return Mutex(self.k.loop, f"i_mutex of {mapping.name}")

    def create(self, k: Kernel, name: str) -> Steps:
        """Create a file (a transaction in journalling filesystems)."""
        if not self.k.loop.elapse(costs.MAP_EXTENT_NS):
            yield costs.MAP_EXTENT_NS
        del k
        return self.new_file(name)

    def vfs_unlink(self, k: Kernel, mapping: Mapping) -> Steps:
        """Remove a file with its pages."""
        yield from filemap.truncate_inode_pages(k, mapping)

    def vfs_write(
        self, k: Kernel, mapping: Mapping, process: Process, index: int, nr: int, copy_ns: int
    ) -> Steps:
        """write(2) of ``nr`` pages at page ``index``."""
        mutex: Mutex = mapping.private
        if not mutex.trylock(k.current):
            yield from mutex.mutex_lock(k.current)
        wrote = yield from buffered_write.generic_perform_write(
            k, mapping, process, index, nr, copy_ns
        )
        mutex.unlock()
        return wrote

    # ---- what it costs --------------------------------------------------------------------------

    @property
    def buffer_heads_ns(self) -> int:
        """CPU time that the buffer heads of a page take in write(2): iomap has none."""
        return 0

    def write_ns(self, nr: int) -> int:
        """Return the CPU time that writing ``nr`` pages into the cache takes besides the copy.

        Measured for kernels with folios only; for older ones it is in the copy rate.
        """
        if not self.k.features.folio_names:
            return 0
        folios = 1 if self.large_folios else nr
        return folios * costs.WRITE_FOLIO_NS + nr * self.buffer_heads_ns

    def writepage_ns(self, run: list[Extent]) -> int:
        """Return the CPU time to prepare a run of pages for writeback."""
        if not self.k.features.folio_names:
            return 0
        folios = sum(extent.nr // extent.folio_pages for extent in run)
        return folios * costs.WRITEPAGE_NS * self.k.cpu_slowdown

    # ---- allocation -----------------------------------------------------------------------------

    def _derive_write_begin_gfp(self) -> int:
        """Return the page-cache mask of write(2): the mapping's, less what AOP_FLAG_NOFS cuts."""
        mask = MAPPING_LEVELS[self.options.mapping_gfp]
        aop_nofs = self._aop_nofs()
        view = AllocationView(
            Stage.CALLER, mask, 0, "grab_cache_page_write_begin", "write_begin", km_nofs=False,
            aop_nofs=bool(aop_nofs), filesystem=self.type,
        )  # fmt: skip
        return self.k.hooks.derive_gfp(view)

    def _aop_nofs(self) -> bool:
        """Return whether write_begin() passes AOP_FLAG_NOFS.

        As the kernel does, or as the scenario says the kernel does, unless a fix decides otherwise.
        """
        answers = self.k.hooks.answers("enter_scope", ScopeView(Scope.WRITE_BEGIN, self.type, 0))
        said = [change.aop_nofs for _, change in answers if change is not None]
        kernel_says = said.pop() if said else False
        if self.options.write_begin_gfp != "kernel":
            kernel_says = self.options.write_begin_gfp == "nofs"
        return bool(next((answer for answer in said if answer is not None), kernel_says))

    def write_begin_gfp(self, k: Kernel, mapping: Mapping) -> int:
        """Return the mask of page-cache allocations for write(2)."""
        del k, mapping
        return self._write_begin_mask

    def enter_scope(self, scope: Scope, task: Task) -> int:
        """Set the task flags that hold inside ``scope``; return the flags to restore."""
        before = task.flags
        change = self.k.hooks.enter_scope(ScopeView(scope, self.type, before))
        task.flags = (before | change.set_flags) & ~change.clear_flags
        return before

    def write_begin(self, k: Kernel, mapping: Mapping, process: Process) -> Steps:
        """Nothing by default; not called then."""
        del k, mapping, process
        return NO_STEPS

    def write_end(self, k: Kernel, mapping: Mapping, process: Process) -> Steps:
        """Nothing by default; not called then."""
        del k, mapping, process
        return NO_STEPS

    # ---- writeback ------------------------------------------------------------------------------

    def gather_dirty(self, mapping: Mapping, most: int) -> list[Extent]:
        """Return dirty extents that follow each other without a gap, at most ``most`` pages.

        From where the last call left off, around to the start (range_cyclic). Pages under writeback
        or locked are passed over, as WB_SYNC_NONE does.
        """
        run: list[Extent] = []
        count = 0
        start = mapping.writeback_index
        extent = mapping.dirty.at_or_after(start)
        wrapped = extent is None and start > 0
        if wrapped:
            extent = mapping.dirty.first()
        while extent is not None and count < most:
            if extent.unit is not None or extent.locked is not None:
                if run:
                    break
                extent = mapping.dirty.at_or_after(extent.index + extent.nr)
                if extent is None and start > 0 and not wrapped:
                    wrapped, extent = True, mapping.dirty.first()
                continue
            if run and run[-1].index + run[-1].nr != extent.index:
                break
            self._cut(extent, most - count)
            run.append(extent)
            count += extent.nr
            extent = mapping.dirty.at_or_after(extent.index + extent.nr)
        if run:
            mapping.writeback_index = end_of(run)
        return run

    def prepare(self, mapping: Mapping, most: int) -> Steps:
        """Give a run of dirty extents, with those that became dirty behind it meanwhile.

        Preparing takes time for each folio, in which a writer may go on; write_cache_pages() meets
        what he has written when it gets there.
        """
        part = self.gather_dirty(mapping, most)
        if not part:
            return part
        first, nr = part[0], pages_of(part)
        left = most - nr
        while prepare_ns := self.writepage_ns(part):
            if not self.k.loop.elapse(prepare_ns):
                yield prepare_ns
            nr = max(nr, end_of(part) - first.index)  # what was gathered may have grown meanwhile
            end = first.index + nr
            follows = mapping.dirty.holding(end) if left > 0 else None
            if follows is None or follows.index != end or follows.unit or follows.locked:
                break
            mapping.writeback_index = end
            part = self.gather_dirty(mapping, left)
            left -= pages_of(part)
            nr = end_of(part) - first.index
        return still_dirty(mapping, first, nr)

    @staticmethod
    def _cut(extent: Extent, most: int) -> Extent | None:
        """Cut ``extent`` down to ``most`` pages, in whole folios; return the rest, if there is."""
        if extent.folio_pages > 1:
            most = -(-most // extent.folio_pages) * extent.folio_pages
        return extent.mapping.split(extent, most) if extent.nr > most else None

    def mark(
        self, k: Kernel, mapping: Mapping, run: list[Extent], label: str, task: Task | None
    ) -> WritebackUnit:
        """Turn dirty extents into one unit under writeback, not yet submitted."""
        unit = WritebackUnit(k.loop, mapping, f"{label} {mapping.name}+{run[0].index}", task)
        unit.wb = mapping.wb
        for extent in run:
            page_writeback.clear_page_dirty(k, extent)
            page_writeback.set_page_writeback(k, extent, unit)
        return unit

    def submit(self, k: Kernel, unit: WritebackUnit) -> Steps:
        """Send a unit to the device; :meth:`end_bio` follows when its last request is done."""
        unit.submitted_ns = k.loop.now
        unit.device = self.bdi.device
        done = partial(self._device_done, unit)
        yield from self.bdi.device.submit_bio(
            unit.nr_pages * PAGE_SIZE, done, write=True, merges=self.is_beside(unit)
        )

    def _device_done(self, unit: WritebackUnit) -> None:
        unit.done_ns = self.k.loop.now
        self.end_bio(unit)

    def is_beside(self, unit: WritebackUnit) -> bool:
        """Return whether a unit follows the last one on the device, as far as is known."""
        del unit
        return False

    def end_bio(self, unit: WritebackUnit) -> None:
        """The device is done (interrupt): end the writeback, or queue what must come first."""
        page_writeback.end_page_writeback(self.k, unit)

    def unit_limit(self, mapping: Mapping) -> int:
        """Return the most pages one unit may have."""
        del mapping
        return self.features.max_ioend_pages or 1 << 60

    def writepages(self, k: Kernel, mapping: Mapping, wbc: WritebackControl) -> Steps:
        """Write up to ``wbc.nr_to_write`` pages: gather, map, mark, submit."""
        while wbc.nr_to_write > 0:
            run = self.gather_dirty(mapping, min(wbc.nr_to_write, self.unit_limit(mapping)))
            if not run:
                break
            wbc.nr_to_write -= yield from self.write_run(k, mapping, run)

    def write_run(self, k: Kernel, mapping: Mapping, run: list[Extent]) -> Steps:
        """Write one run of pages as one unit; give its pages."""
        first, nr = run[0], pages_of(run)
        if not k.loop.elapse(costs.MAP_EXTENT_NS):
            yield costs.MAP_EXTENT_NS
        run = still_dirty(mapping, first, nr)
        if not run:
            return 0
        unit = self.mark(k, mapping, run, "bio", k.current)
        yield from self.submit(k, unit)
        return unit.nr_pages

    def writepage(self, k: Kernel, extent: Extent) -> Steps:
        """Write one extent from reclaim (->writepage)."""
        if not extent.dirty or extent.unit is not None:
            return False
        unit = self.mark(k, extent.mapping, [extent], "bio", k.current)
        unit.submitted_ns = k.loop.now
        unit.device = self.bdi.device
        done = partial(self._device_done, unit)
        self.bdi.device.submit_now(unit.nr_pages * PAGE_SIZE, done, write=True)
        if not k.loop.elapse(costs.SUBMIT_REQUEST_NS):
            yield costs.SUBMIT_REQUEST_NS
        return True
