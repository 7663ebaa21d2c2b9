"""The XFS log: reservations in order, a full log that waits for the AIL, the push of the CIL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reclaimlab.fs import xfs_log
from reclaimlab.testing import Call, SmallMachine, small_machine
from reclaimlab.units import MSEC, SEC

if TYPE_CHECKING:
    from reclaimlab.fs.xfs_log import XfsLog

SIZE = 1 << 20


def a_log(**device: Any) -> tuple[SmallMachine, XfsLog]:
    machine = small_machine(
        "linux-3.10", filesystem="xfs", mount={"log_size": "1MiB"}, device=device
    )
    machine.run(MSEC)
    return machine, machine.fs.log


def reserve(machine: SmallMachine, need: int) -> Call:
    return machine.call(machine.fs.log.xfs_log_reserve(machine.k, need))


def commit_items(log: XfsLog, number: int) -> None:
    for _ in range(number):
        log.insert_item(object(), 0)


def test_a_reservation_that_fits_is_granted_at_once() -> None:
    machine, log = a_log()
    call = reserve(machine, 1000)
    machine.run(0)
    assert call.ended
    assert (log.reserved, log.free) == (1000, SIZE - 1000)


def test_a_small_reservation_waits_behind_a_large_one() -> None:
    machine, log = a_log()
    reserve(machine, SIZE - 10_000)
    large = reserve(machine, 50_000)
    small = reserve(machine, 100)
    machine.run(SEC)
    assert (large.ended, small.ended) == (False, False)
    assert large.stack == ("xlog_grant_head_wait", "xfs_log_reserve")
    assert large.task.state == "D"
    log.release(SIZE - 10_000)
    machine.run(MSEC)
    assert (large.ended, small.ended) == (True, True)
    assert log.reserved == 50_100


def test_reservations_are_granted_in_the_order_they_came() -> None:
    machine, log = a_log()
    reserve(machine, SIZE)
    machine.run(0)
    calls = [reserve(machine, need) for need in (300_000, 200_000, 100_000, 50_000)]
    machine.run(MSEC)
    log.release(310_000)
    machine.run(MSEC)
    assert [call.ended for call in calls] == [True, False, False, False]
    log.release(310_000)
    machine.run(MSEC)
    assert [call.ended for call in calls] == [True, True, True, False]


def test_a_full_log_blocks_until_the_ail_has_written_its_items_back() -> None:
    machine, log = a_log()
    items = SIZE * 9 // 10 // xfs_log.ITEM_BYTES
    commit_items(log, items)
    machine.run(SEC // 10)
    assert len(log.ail) > 0
    call = reserve(machine, SIZE // 5)
    written = machine.device.written_bytes
    machine.run(MSEC)
    assert not call.ended
    machine.run(60 * SEC)
    assert call.ended
    machine.device.in_flight()
    buffers = -(-items // xfs_log.INODES_PER_BUFFER)
    assert machine.device.written_bytes - written >= buffers * xfs_log.BUFFER_BYTES * 0.9
    assert log.free >= 0


def test_pinned_items_are_written_back_only_after_a_push_of_the_cil() -> None:
    machine, log = a_log()
    item = object()
    log.insert_item(item, 0)
    log.push_cil()
    machine.run(SEC)
    assert item in log.ail
    log.insert_item(item, 0)  # changed again: pinned in memory
    log.push_ail(log.head)
    assert log.push_some() == (0, 1)
    machine.run(10 * SEC)
    assert item not in log.ail
    assert item not in log.cil


def test_the_cil_is_pushed_once_it_holds_more_than_an_eighth_of_the_log() -> None:
    machine, log = a_log()
    eighth = SIZE // 8 // xfs_log.ITEM_BYTES
    commit_items(log, eighth)
    machine.run(MSEC)
    assert log.cil_bytes == SIZE // 8
    commit_items(log, 1)
    machine.run(MSEC)
    assert log.cil_bytes == 0
    machine.run(SEC)
    assert len(log.ail) == eighth + 1
    assert log.head == (eighth + 1) * xfs_log.ITEM_BYTES


def test_an_inode_changed_twice_takes_its_place_once() -> None:
    _, log = a_log()
    item = object()
    log.insert_item(item, 0)
    log.insert_item(item, 0)
    assert log.cil_bytes == xfs_log.ITEM_BYTES


def test_everything_is_forced_to_disk_every_30_seconds() -> None:
    machine, log = a_log()
    log.insert_item(object(), 0)
    machine.run(29 * SEC)
    assert (len(log.cil), len(log.ail)) == (1, 0)
    machine.run(2 * SEC)
    assert len(log.cil) == 0


@pytest.mark.parametrize("committed", [0, 1])
def test_a_log_force_waits_for_the_disk_only_if_something_was_committed(committed: int) -> None:
    machine, log = a_log(latency="5ms")
    commit_items(log, committed)
    began = machine.loop.now
    call = machine.call(log.xfs_log_force(machine.k))
    machine.run(SEC)
    assert call.ended
    assert (call.ended_ns - began >= 5 * MSEC) == bool(committed)


def test_log_space_is_neither_lost_nor_found() -> None:
    machine, log = a_log()
    for number in range(20):
        machine.call(machine.fs.create(machine.k, f"file{number}"))
    machine.run(120 * SEC)
    assert (log.reserved, log.cil_bytes, len(log.ail)) == (0, 0, 0)
    assert log.free == SIZE
