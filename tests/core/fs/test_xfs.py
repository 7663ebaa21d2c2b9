"""XFS: which I/O ends in the interrupt and which needs a worker, a lock, log space and memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reclaimlab.fs import xfs_log
from reclaimlab.kernel import slab
from reclaimlab.kernel.aops import WritebackControl
from reclaimlab.policy.gfp import GFP_FS, PF_FSTRANS, PF_MEMALLOC_NOFS
from reclaimlab.testing import Call, SmallMachine, small_machine
from reclaimlab.units import MSEC, SEC

if TYPE_CHECKING:
    from reclaimlab.engine.task import Steps
    from reclaimlab.kernel.folio import Mapping
    from reclaimlab.kernel.writeback_unit import WritebackUnit


def xfs(contender: str = "linux-3.10", **options: Any) -> SmallMachine:
    return small_machine(contender, filesystem="xfs", **options)


def written(machine: SmallMachine, nr: int = 256) -> Mapping:
    """Make a file of ``nr`` dirty pages."""
    mapping: Mapping = machine.fs.new_file("file")
    call = machine.write(mapping, nr, memcg="")
    machine.run(100 * MSEC)
    assert call.value == nr
    return mapping


def flush(machine: SmallMachine, mapping: Mapping) -> Call:
    steps = machine.fs.writepages(machine.k, mapping, WritebackControl(1 << 20))
    return machine.call(steps, name="flusher", kthread=True)


def start_io(machine: SmallMachine, mapping: Mapping) -> WritebackUnit:
    """Start writeback of a file; return its one ioend, submitted and not yet done."""
    flush(machine, mapping)
    for _ in range(50):
        machine.run(MSEC // 10)
        unit = next((extent.unit for extent in mapping.pages if extent.unit is not None), None)
        if unit is not None and unit.submitted_ns >= 0:
            assert unit.done_ns < 0
            return unit
    pytest.fail("nothing was submitted")


def holding_ilock(machine: SmallMachine, mapping: Mapping, for_ns: int) -> Call:
    def hold() -> Steps:
        yield from mapping.private.ilock.down_write(machine.k.current)
        yield for_ns
        mapping.private.ilock.up_write()

    return machine.call(hold(), name="holder")


def overwritten(machine: SmallMachine) -> Mapping:
    """Make a file whose 256 pages are on disk and dirty again."""
    mapping = written(machine)
    flush(machine, mapping)
    machine.run(SEC)
    assert (mapping.nr_dirty, mapping.ondisk_pages) == (0, 256)
    machine.write(mapping, 256, memcg="")
    machine.run(100 * MSEC)
    assert mapping.nr_dirty == 256
    return mapping


# ---- completion ---------------------------------------------------------------------------------


def test_an_append_ends_only_after_a_worker_has_committed_its_transaction() -> None:
    machine = xfs()
    mapping = written(machine)
    unit = start_io(machine, mapping)
    assert (unit.appends, unit.unwritten) == (True, False)
    assert mapping.ondisk_pages == 0
    log = machine.fs.log
    reserved = log.reserved
    assert reserved >= xfs_log.TR_SWRITE, "log space is held across the I/O"
    machine.run(SEC)
    assert unit.ended_ns > unit.done_ns
    assert mapping.ondisk_pages == 256
    assert log.reserved == reserved - xfs_log.TR_SWRITE
    assert mapping.private in log.cil


def test_an_overwrite_within_the_size_on_disk_ends_in_the_interrupt() -> None:
    machine = xfs()
    mapping = overwritten(machine)
    unit = start_io(machine, mapping)
    assert unit.completer is None
    holding_ilock(machine, mapping, SEC)
    machine.run(SEC // 2)
    assert unit.ended_ns == unit.done_ns > 0


def test_an_append_waits_for_the_ilock_of_its_inode() -> None:
    machine = xfs()
    mapping = written(machine)
    unit = start_io(machine, mapping)
    holder = holding_ilock(machine, mapping, SEC)
    machine.run(SEC // 2)
    assert unit.done_ns > 0
    assert unit.ended_ns < 0
    machine.run(SEC)
    assert unit.ended_ns > holder.ended_ns


def test_a_writer_blocked_under_iolock_does_not_hold_up_completion() -> None:
    machine = xfs()
    mapping = written(machine)
    unit = start_io(machine, mapping)

    def hold() -> Steps:
        yield from mapping.private.iolock.mutex_lock(machine.k.current)
        yield 10 * SEC

    machine.call(hold())
    machine.run(SEC)
    assert unit.ended_ns > 0


@pytest.mark.parametrize(
    ("contender", "preallocated", "queue"),
    [
        ("linux-3.10", False, "xfs-data/data"),
        ("linux-3.10", True, "xfs-conv/data"),
        ("linux-6.1", False, "xfs-conv/data"),
    ],
)
def test_completion_work_goes_to_xfs_data_for_appends_and_xfs_conv_for_conversions(
    contender: str, preallocated: bool, queue: str
) -> None:
    machine = xfs(contender)
    mapping = machine.fs.new_file("file")
    if preallocated:
        machine.fs.preallocate(mapping, 256)
    machine.write(mapping, 256, memcg="")
    machine.run(10 * MSEC)
    unit = start_io(machine, mapping)
    holding_ilock(machine, mapping, SEC)
    machine.run(SEC // 2)
    work: Any = unit.completer
    assert work.work.wq.name == queue
    machine.run(SEC)
    assert unit.ended_ns > unit.done_ns


def test_since_5_6_the_completions_of_an_inode_are_one_work_item() -> None:
    machine = xfs("linux-6.1")
    mapping = written(machine, 512)
    for start in (0, 256):
        machine.call(machine.fs.write_run(machine.k, mapping, run_of(machine, mapping, start)))
        machine.run(MSEC)
    holding_ilock(machine, mapping, SEC)
    machine.run(SEC // 2)
    units = {id(e.unit): e.unit for e in mapping.pages if e.unit is not None}.values()
    assert len(units) == 2
    works = {id(unit.completer.work) for unit in units}  # type: ignore[union-attr]  # none is None
    assert len(works) <= 2
    machine.run(SEC)
    assert [unit.ended_ns > 0 for unit in units] == [True, True]


def run_of(machine: SmallMachine, mapping: Mapping, start: int) -> list[Any]:
    mapping.writeback_index = start
    run: list[Any] = machine.fs.gather_dirty(mapping, 256)
    return run


# ---- the posted hang ----------------------------------------------------------------------------

POSTED = (
    "wait_on_page_bit", "shrink_page_list", "shrink_inactive_list", "shrink_lruvec",
    "mem_cgroup_shrink_node_zone", "mem_cgroup_soft_reclaim", "mem_cgroup_soft_limit_reclaim",
    "shrink_zones", "do_try_to_free_pages", "try_to_free_pages", "__alloc_pages_slowpath",
    "__alloc_pages_nodemask", "kmem_getpages", "fallback_alloc", "____cache_alloc_node",
    "__kmalloc", "kmem_alloc", "xfs_inode_item_format_extents", "xfs_inode_item_format",
    "xlog_cil_prepare_log_vecs",
    "xfs_log_commit_cil", "xfs_trans_commit", "xfs_setfilesize", "xfs_end_io", "process_one_work",
)  # fmt: skip
"""Section 4.4, frame by frame."""


def leave_only_log_vectors(machine: SmallMachine) -> None:
    """Leave no memory but for the first allocation of a commit: the posted one is the second."""
    machine.exhaust_memory()
    slab.kmem_cache(machine.k, xfs_log.LOG_VEC_BYTES).free = 10


def a_completion_without_memory(contender: str) -> tuple[SmallMachine, Mapping, WritebackUnit, Any]:
    """Let an append complete without memory, a memcg above its soft limit being in flight."""
    machine = xfs(contender, limit="0", soft_limit="1MiB")
    mapping = written(machine)
    unit = start_io(machine, mapping)
    waited_for = machine.populate(4096, state="writeback")
    leave_only_log_vectors(machine)
    machine.run(200 * MSEC)
    return machine, mapping, unit, waited_for


def worker_of(machine: SmallMachine) -> Any:
    return next(
        (task for task in machine.loop.tasks if "xfs_end_io" in task.stack() and task.state == "D"),
        None,
    )


def test_the_blocked_worker_has_the_posted_stack() -> None:
    machine, mapping, unit, _ = a_completion_without_memory("linux-3.10")
    worker = worker_of(machine)
    assert worker.stack() == (*POSTED, "worker_thread")
    assert unit.done_ns > 0
    assert unit.ended_ns < 0
    assert mapping.nr_dirty == 0


def test_the_blocked_worker_holds_the_ilock_and_its_log_reservation() -> None:
    machine, mapping, _, _ = a_completion_without_memory("linux-3.10")
    assert mapping.private.ilock.writer is worker_of(machine)
    assert machine.fs.log.reserved >= xfs_log.TR_SWRITE


def test_the_rescuer_blocks_on_the_same_stack_once_no_worker_can_be_made() -> None:
    machine = xfs("linux-3.10", limit="0", soft_limit="1MiB")
    mappings = [written(machine, 64 + number) for number in range(3)]
    units = [start_io(machine, mapping) for mapping in mappings]
    machine.populate(4096, state="writeback")
    leave_only_log_vectors(machine)
    machine.run(SEC)
    rescuer = machine.fs.wq_data.rescuer
    assert rescuer.stack() == (*POSTED, "rescuer_thread")
    assert [unit.ended_ns for unit in units] == [-1] * 3


def test_the_blocked_worker_goes_on_when_the_page_it_waits_for_is_written() -> None:
    machine, _, unit, waited_for = a_completion_without_memory("linux-3.10")
    machine.end_writeback(waited_for.unit)
    machine.run(100 * MSEC)
    assert unit.ended_ns > 0


@pytest.mark.parametrize("fix", ["may-enter-fs", "memalloc-noio", "exempt-kthreads"])
def test_with_a_fix_the_worker_waits_for_no_page(fix: str) -> None:
    machine, _, _, _ = a_completion_without_memory(f"linux-3.10+{fix}")
    worker = worker_of(machine)
    assert worker is None or worker.stack()[0] != "wait_on_page_bit"


@pytest.mark.parametrize("fix", ["pf-fstrans", "km-noio(sites=unwritten)"])
def test_a_fix_that_misses_the_call_site_or_the_bit_changes_nothing(fix: str) -> None:
    machine, _, _, _ = a_completion_without_memory(f"linux-3.10+{fix}")
    assert worker_of(machine).stack() == (*POSTED, "worker_thread")


# ---- flags --------------------------------------------------------------------------------------


@pytest.mark.parametrize("contender", ["linux-3.5", "linux-3.10", "linux-6.1", "linux-6.18"])
def test_page_cache_of_xfs_is_allocated_without_gfp_fs_in_every_version(contender: str) -> None:
    machine = xfs(contender)
    mask = machine.fs.write_begin_gfp(machine.k, machine.fs.new_file("file"))
    assert not mask & GFP_FS


@pytest.mark.parametrize(
    ("contender", "flag"), [("linux-3.10", PF_FSTRANS), ("linux-6.1", PF_MEMALLOC_NOFS)]
)
def test_a_transaction_marks_its_task_and_the_mark_goes_with_it(contender: str, flag: int) -> None:
    machine = xfs(contender)
    inside: list[int] = []

    def create() -> Steps:
        task = machine.k.current
        flags = yield from machine.fs.xfs_trans_reserve(machine.k, xfs_log.TR_CREATE, "xfs_create")
        inside.append(task.flags & flag)
        task.flags = flags
        machine.fs.log.release(xfs_log.TR_CREATE)

    call = machine.call(create())
    machine.run(10 * MSEC)
    assert call.ended
    assert inside == [flag]
    assert not call.task.flags & flag


def test_a_whole_life_of_files_leaves_every_flag_as_it_was() -> None:
    machine = xfs(limit="4MiB")
    call = machine.write(machine.fs.new_file("big"), 6000)
    machine.run(10 * SEC)
    assert call.ended
    idle = [task for task in machine.loop.tasks if task.alive]
    assert [task.name for task in idle if task.flags & PF_FSTRANS] == []


def test_xfs_refuses_writepage_from_direct_reclaim() -> None:
    machine = xfs()
    extent = machine.populate(32, state="dirty")
    call = machine.call(machine.fs.writepage(machine.k, extent))
    machine.run(MSEC)
    assert (call.value, extent.dirty, extent.unit) == (False, True, None)


def test_reclaim_of_inodes_needs_gfp_fs() -> None:
    machine = xfs()
    machine.fs.cached_inodes = 1000
    (shrinker,) = machine.k.shrinkers
    refused = machine.call(shrinker.scan(machine.k, 128, 0))
    allowed = machine.call(shrinker.scan(machine.k, 128, GFP_FS))
    machine.run(SEC)
    assert (refused.value, allowed.value) == (0, 32)
    assert machine.fs.cached_inodes == 1000 - 128
