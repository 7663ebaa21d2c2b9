"""ext4, gfs2, tmpfs: what is held while write(2) allocates its page, and where writeback ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reclaimlab.fs.jbd2 import Transaction
from reclaimlab.kernel.aops import WritebackControl
from reclaimlab.policy.gfp import GFP_FS
from reclaimlab.testing import Call, SmallMachine, small_machine
from reclaimlab.units import MSEC, SEC

if TYPE_CHECKING:
    from reclaimlab.kernel.folio import Mapping
    from reclaimlab.kernel.writeback_unit import WritebackUnit


def dirty_file(machine: SmallMachine, nr: int = 256) -> Mapping:
    mapping: Mapping = machine.fs.new_file("file")
    machine.write(mapping, nr, memcg="")
    machine.run(100 * MSEC)
    assert mapping.nr_dirty == nr
    return mapping


def flush(machine: SmallMachine, mapping: Mapping) -> Call:
    steps = machine.fs.writepages(machine.k, mapping, WritebackControl(1 << 20))
    return machine.call(steps, name="flusher", kthread=True)


def units_of(mapping: Mapping) -> list[WritebackUnit]:
    return list(dict.fromkeys(e.unit for e in mapping.pages if e.unit is not None))


def a_writer_that_waits(
    contender: str = "linux-3.10", **options: Any
) -> tuple[SmallMachine, Mapping, Call]:
    """Let a writer wait, in the charge of a page, for a page in flight of its full memcg."""
    machine = small_machine(contender, limit="4MiB", device={"write_bw": "1kB/s"}, **options)
    machine.populate(1024, state="writeback", reclaim=True)
    mapping = machine.fs.new_file("new")
    writer = machine.write(mapping, 10)
    machine.run(100 * MSEC)
    assert writer.stack[0] == "wait_on_page_bit"
    return machine, mapping, writer


# ---- completion ---------------------------------------------------------------------------------


@pytest.mark.parametrize("filesystem", ["ext4", "ext3", "gfs2"])
@pytest.mark.parametrize("contender", ["linux-3.5", "linux-3.10"])
def test_until_3_10_writeback_of_new_data_ends_in_the_interrupt(
    filesystem: str, contender: str
) -> None:
    machine = small_machine(contender, filesystem=filesystem)
    mapping = dirty_file(machine)
    flush(machine, mapping)
    machine.run(MSEC)
    units = units_of(mapping)
    machine.run(SEC)
    assert units
    assert [unit.ended_ns - unit.done_ns for unit in units] == [0] * len(units)
    assert all(unit.done_ns > 0 for unit in units)


def test_in_6_x_a_worker_ends_it_after_converting_the_extents() -> None:
    machine = small_machine("linux-6.1")
    mapping = dirty_file(machine)
    flush(machine, mapping)
    machine.run(MSEC)
    (unit,) = units_of(mapping)
    machine.run(SEC)
    assert unit.unwritten
    assert unit.ended_ns > unit.done_ns > 0


def test_in_6_x_completion_waits_for_a_commit_that_is_writing_the_inodes_block() -> None:
    machine = small_machine("linux-6.1")
    mapping = dirty_file(machine)
    flush(machine, mapping)
    machine.run(MSEC)
    (unit,) = units_of(mapping)
    journal = machine.fs.journal
    journal.committing = Transaction(journal)
    journal.committing.blocks[machine.fs.inode_block(mapping)] = None
    journal.shadow = True
    machine.run(SEC)
    assert unit.done_ns > 0
    assert unit.ended_ns < 0
    (worker,) = [task for task in machine.loop.tasks if "ext4_end_io_rsv_work" in task.stack()]
    assert (worker.state, worker.stack()[0]) == ("D", "do_get_write_access")
    journal.shadow = False
    journal.shadow_queue.wake_all()
    machine.run(MSEC)
    assert unit.ended_ns > 0


def test_a_worker_without_memory_blocks_no_completion_of_ext4_in_3_10() -> None:
    # Section 5.7: PG_writeback never depended on an allocation at completion, so no XFS-type hang.
    machine = small_machine("linux-3.10", limit="0", soft_limit="1MiB")
    mapping = dirty_file(machine)
    flush(machine, mapping)
    machine.run(MSEC)
    units = units_of(mapping)
    machine.populate(4096, state="writeback")
    machine.exhaust_memory()
    machine.run(SEC)
    assert [unit.ended_ns > 0 for unit in units] == [True] * len(units)


def test_ext3_submits_one_request_at_a_time_and_ext4_a_bio_of_256_pages() -> None:
    for filesystem, request, pages in (("ext3", "120KiB", 30), ("ext4", "120KiB", 256)):
        machine = small_machine(
            "linux-3.10", filesystem=filesystem, device={"max_request": request}
        )
        mapping = dirty_file(machine, 1000)
        flush(machine, mapping)
        machine.run(MSEC)
        assert max(unit.nr_pages for unit in units_of(mapping)) == pages


# ---- the handle and the page --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("contender", "with_fs"),
    [("linux-3.5", False), ("linux-3.10", True), ("linux-4.2", True), ("linux-6.18", True)],
)
def test_page_cache_of_ext4_is_allocated_with_gfp_fs_since_3_9(
    contender: str, with_fs: bool
) -> None:
    machine = small_machine(contender)
    mask = machine.fs.write_begin_gfp(machine.k, machine.fs.new_file("file"))
    assert bool(mask & GFP_FS) == with_fs


def test_until_3_8_the_handle_is_open_while_the_page_is_charged() -> None:
    machine, _, writer = a_writer_that_waits(mount={"write_begin_gfp": "nofs"})
    assert machine.fs.journal.running.handles == [writer.task]
    assert "mem_cgroup_charge" in writer.stack


def test_since_3_9_no_handle_is_open_while_the_page_is_charged() -> None:
    machine, _, writer = a_writer_that_waits()
    assert machine.fs.journal.running.handles == []
    assert "mem_cgroup_charge" in writer.stack


def test_a_writer_that_waits_with_an_open_handle_stalls_the_next_commit_and_all_handles() -> None:
    machine, _, writer = a_writer_that_waits(mount={"write_begin_gfp": "nofs"})
    machine.fs.journal.flushed = False  # not the first commit since the mount
    machine.fs.journal.dirty_metadata(1)
    machine.run(6 * SEC)
    commit = machine.fs.journal.daemon
    assert commit.stack()[0] == "jbd2_journal_commit_transaction"
    assert list(commit.releasers()) == [machine.fs.journal.running]
    other = machine.call(machine.fs.journal.jbd2_journal_start(machine.k))
    machine.run(SEC)
    assert other.stack[0] == "wait_transaction_locked"
    assert not writer.ended


def test_a_commit_in_ordered_mode_waits_for_the_data_of_its_inodes() -> None:
    machine = small_machine("linux-3.10", device={"write_bw": "100kB/s"})
    mapping = dirty_file(machine)
    flush(machine, mapping)
    machine.run(6 * SEC)
    stack = machine.fs.journal.daemon.stack()
    assert stack[:2] == ("wait_on_page_bit", "filemap_fdatawait")
    machine.run(20 * SEC)
    assert machine.fs.journal.committing is None


def test_sixteen_files_made_one_after_the_other_are_one_block_of_the_journal() -> None:
    machine = small_machine("linux-6.18")
    files = [machine.fs.new_file(f"file {number}") for number in range(32)]
    for mapping in files:
        machine.write(mapping, 1)
        machine.run(20 * MSEC)
    assert len(machine.fs.journal.running.blocks) == 3, "their numbers begin at 1"


def test_the_journal_commits_every_five_seconds() -> None:
    machine = small_machine("linux-3.10")
    machine.fs.journal.dirty_metadata(1)
    machine.run(4900 * MSEC)
    assert 1 in machine.fs.journal.running.blocks
    machine.run(200 * MSEC)
    assert 1 not in machine.fs.journal.running.blocks
    assert machine.device.requests == 3, "the superblock once, the blocks, then the commit record"


# ---- 2015 ---------------------------------------------------------------------------------------


def rename_in_a_full_memcg(contender: str) -> Call:
    """Flush a file of many extents from a task whose memcg is full of its own pages."""
    machine = small_machine(
        contender, limit="4MiB", mount={"free_extent": "8KiB"}, device={"write_bw": "1MB/s"}
    )
    mapping = machine.fs.new_file("file")
    machine.write(mapping, 700)
    machine.run(100 * MSEC)
    assert mapping.nr_dirty == 700
    machine.populate(machine.box.margin(), state="writeback", reclaim=True)
    call = machine.call(machine.fs.ext4_rename(machine.k, mapping, None), name="rsync")
    machine.run(20 * SEC)
    return call


def test_since_3_11_a_page_of_the_extent_tree_is_charged_with_pages_marked_and_unsubmitted() -> (
    None
):
    call = rename_in_a_full_memcg("linux-3.11")
    assert call.stack[0] == "wait_on_page_bit"
    wanted = (
        "try_to_free_mem_cgroup_pages", "mem_cgroup_charge", "__add_to_page_cache_locked",
        "grow_dev_page", "__getblk_slow", "ext4_ext_grow_indepth", "ext4_ext_create_new_leaf",
        "ext4_ext_insert_extent", "ext4_map_blocks", "mpage_map_one_extent", "ext4_writepages",
        "filemap_flush", "ext4_alloc_da_blocks", "ext4_rename",
    )  # fmt: skip
    assert [name for name in call.stack if name in wanted] == list(wanted)


def test_the_mask_of_that_page_is_nofs_so_4_2_does_not_wait_for_it() -> None:
    assert "wait_on_page_bit" not in rename_in_a_full_memcg("linux-4.2").stack


# ---- gfs2 and tmpfs -----------------------------------------------------------------------------


def test_gfs2_holds_the_glock_while_the_page_is_charged() -> None:
    machine, mapping, writer = a_writer_that_waits(filesystem="gfs2")
    glock = machine.fs._glock(mapping)
    assert glock.holder is writer.task
    assert not machine.fs.write_begin_gfp(machine.k, mapping) & GFP_FS
    other = machine.call(machine.fs.write_begin(machine.k, mapping, None), name="other node")
    machine.run(SEC)
    assert other.stack[0] == "mutex_lock"


def test_tmpfs_has_no_dirty_pages_and_goes_to_swap() -> None:
    machine = small_machine(
        "linux-3.10", filesystem="tmpfs", limit="5MiB",
        machine={"swap_device": "sda", "swap_size": "256MiB"},
    )  # fmt: skip
    call = machine.write(machine.fs.new_file("file"), 5000)
    for _ in range(40):
        machine.run(100 * MSEC)
        assert machine.k.nr_dirty == 0
        assert machine.box.usage <= 1280
    assert call.value == 5000
    assert machine.k.vmstat.pswpout >= 5000 - 1280
    assert machine.box.lruvec.nr_file == 0


def test_tmpfs_without_swap_kills_its_writer_and_the_kill_is_not_premature() -> None:
    machine = small_machine("linux-3.10", filesystem="tmpfs", limit="5MiB")
    machine.write(machine.fs.new_file("file"), 5000)
    machine.run(5 * SEC)
    (event,) = machine.k.oom_events
    assert (event.premature, event.victim) == (False, event.task)
