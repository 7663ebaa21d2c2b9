"""Mechanisms that recordings of real kernels showed to be wrong, each in the small."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reclaimlab.kernel import balance_dirty_pages, fs_writeback, page_writeback, slab
from reclaimlab.kernel.aops import WritebackControl
from reclaimlab.kernel.bdi_writeback import INIT_BW, WbWork
from reclaimlab.kernel.dirty_domain import wb_dirty_limit
from reclaimlab.testing import SmallMachine, small_machine
from reclaimlab.units import MIB, MSEC, PAGE_SIZE, SEC

if TYPE_CHECKING:
    from reclaimlab.engine.task import Steps

SLOW = {"write_bw": "1MB/s", "queue": "mq", "nr_requests": 8}


@pytest.mark.parametrize(("kernel", "rotated"), [("linux-4.2", False), ("linux-6.1", True)])
def test_a_marked_page_leaves_the_active_list_when_written_since_4_11(
    kernel: str, rotated: bool
) -> None:
    machine = small_machine(kernel)
    extent = machine.populate(32, state="writeback", reclaim=True)
    lruvec = machine.box.lruvec
    lruvec.inactive_file.remove(extent)
    lruvec.active_file.add_head(extent)
    assert extent.unit is not None
    machine.end_writeback(extent.unit)
    assert (lruvec.inactive_file.tail is extent) is rotated
    assert (lruvec.active_file.nr == 0) is rotated


def flush_slowly(kernel: str) -> SmallMachine:
    """Let one do_writepages() of 8 MiB fill a queue that takes 4 MiB, at 1 MB/s."""
    machine = small_machine(kernel, filesystem="xfs", limit="32MiB", device=SLOW)
    mapping = machine.fs.new_file("file")
    machine.write(mapping, 2048)
    machine.run(100 * MSEC)
    assert mapping.nr_dirty == 2048
    machine.call(fs_writeback.do_writepages(machine.k, mapping, WritebackControl(2048)))
    return machine


def test_a_device_that_ends_nothing_for_4_seconds_counts_as_stopped_since_5_16() -> None:
    machine = flush_slowly("linux-6.1")
    (wb,) = machine.k.wbs
    assert wb.avg_write_bandwidth == INIT_BW
    machine.run(7 * SEC)  # 4 MiB of 8 are queued at once, the others wait for 4 s
    assert wb.avg_write_bandwidth == 1
    machine.run(5 * SEC)  # 200 ms after the last page of the inode the estimate is made anew
    assert wb.avg_write_bandwidth > 1
    assert not wb.writeback_inodes


def test_before_5_16_the_estimate_is_not_made_by_do_writepages() -> None:
    machine = flush_slowly("linux-4.2")
    machine.run(12 * SEC)
    assert machine.k.wbs[0].avg_write_bandwidth == INIT_BW


@pytest.mark.parametrize(
    ("memory", "dirty", "chunk_mib"),
    [("3GiB", {}, 8), ("24GiB", {}, 52), ("3GiB", {"dirty_bytes": "1GiB"}, 52)],
)
def test_the_first_chunk_goes_by_the_memory_there_was_when_the_limit_was_set(
    memory: str, dirty: dict[str, str], chunk_mib: int
) -> None:
    machine = small_machine("linux-6.1", machine={"memory": memory, **dirty})
    (wb,) = machine.k.wbs
    work = WbWork(1 << 40, 0)
    pages = fs_writeback.writeback_chunk_size(machine.k, wb, work)
    assert pages * PAGE_SIZE == chunk_mib * MIB


def test_a_flusher_whose_device_wrote_nothing_lately_is_over_its_background_share() -> None:
    machine = small_machine("linux-6.1")
    (wb,) = machine.k.wbs
    assert not fs_writeback.over_bground_thresh(machine.k, wb)
    machine.populate(32, state="dirty")
    assert fs_writeback.over_bground_thresh(machine.k, wb)
    wb.count_completion(machine.k, 1000)
    assert not fs_writeback.over_bground_thresh(machine.k, wb)


def test_the_memcgs_background_threshold_wakes_no_flusher_on_v2(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    woken: list[object] = []
    monkeypatch.setattr(fs_writeback, "wb_start_background_writeback", woken.append)
    machine = small_machine("linux-6.1", limit="100MiB", machine={"memory": "3GiB", "cgroup": "v2"})
    mapping = machine.fs.new_file("file")
    machine.write(mapping, 3000)  # over a tenth of the memcg, under the mean of that and a fifth
    machine.run(200 * MSEC)
    assert mapping.nr_dirty > 2500
    assert not woken
    machine.write(mapping, 2000, index=3000)
    machine.run(200 * MSEC)
    assert woken


def test_the_first_commit_writes_the_superblock_before_it_locks_the_transaction() -> None:
    machine = small_machine("linux-6.18", device={**SLOW, "write_bw": "8kB/s"})
    journal = machine.fs.journal
    journal.dirty_metadata(1)
    machine.run(5100 * MSEC)
    assert not journal.flushed
    assert not journal.running.locked, "the superblock is still being written"
    machine.run(SEC)
    assert journal.shadow


def test_a_transaction_expires_five_seconds_after_it_was_started() -> None:
    machine = small_machine("linux-6.18", device={"queue": "mq"})
    machine.run(3 * SEC)
    journal = machine.fs.journal
    journal.dirty_metadata(1)
    machine.run(4900 * MSEC)
    assert journal.running.blocks
    machine.run(200 * MSEC)
    assert not journal.running.blocks


def test_two_writes_in_one_tick_log_the_inode_once() -> None:
    machine = small_machine("linux-6.18", machine={"hz": 100})
    mapping = machine.fs.new_file("file")
    logged: list[int] = []
    journal, plain = machine.fs.journal, machine.fs.journal.dirty_metadata
    journal_class = type(journal)

    def note(self: object, block: int) -> None:
        logged.append(block)
        plain(block)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(journal_class, "dirty_metadata", note)
        machine.write(mapping, 1)
        machine.run(2 * MSEC)
        machine.write(mapping, 1, index=1)
        machine.run(2 * MSEC)
        assert logged == [machine.fs.inode_block(mapping)]
        machine.run(10 * MSEC)
        machine.write(mapping, 1, index=2)
        machine.run(2 * MSEC)
        assert logged == [machine.fs.inode_block(mapping)] * 2


def test_pages_written_are_seen_in_lumps_of_the_processors_that_finish_them() -> None:
    machine = small_machine("linux-6.1", machine={"memory": "24GiB", "cpus": 1})
    k = machine.k
    assert k.stat_threshold == 18
    k.nr_throttled = 1
    for _ in range(k.stat_threshold):
        unit = machine.populate(1, state="writeback").unit
        assert unit is not None
        page_writeback.end_page_writeback(k, unit)
    assert k.vmstat.nr_throttled_written == 0
    unit = machine.populate(1, state="writeback").unit
    assert unit is not None
    page_writeback.end_page_writeback(k, unit)
    assert k.vmstat.nr_throttled_written == 19


def test_idle_flushers_take_a_new_stamp_instead_of_measuring_the_pause() -> None:
    machine = small_machine("linux-6.1")
    (wb,) = machine.k.wbs
    machine.run(5 * SEC)
    balance_dirty_pages.wb_bandwidth_estimate_start(machine.k, wb)
    assert wb.bw_stamp_ns == 5 * SEC
    machine.populate(32, state="writeback")
    machine.run(5 * SEC)
    balance_dirty_pages.wb_bandwidth_estimate_start(machine.k, wb)
    assert wb.bw_stamp_ns == 5 * SEC, "an inode is under writeback: that is no pause"


@pytest.mark.parametrize(("kernel", "charged"), [("linux-4.2", 0), ("linux-6.1", 366)])
def test_a_thousand_new_files_are_charged_to_the_memcg_since_kernel_memory_is(
    kernel: str, charged: int
) -> None:
    machine = small_machine(kernel, filesystem="xfs")

    def create() -> Steps:
        for _ in range(1000):
            yield from slab.d_alloc(machine.k, machine.k.process)

    machine.call(create())
    machine.run(SEC)
    assert machine.box.kernel_pages == charged


def test_shares_of_completions_stay_while_nothing_is_written() -> None:
    machine = small_machine("linux-6.1")
    (wb,) = machine.k.wbs
    wb.count_completion(machine.k, 1000)
    machine.run(600 * SEC)
    assert wb_dirty_limit(machine.k, machine.k.global_domain, wb, 5000) == 5000
