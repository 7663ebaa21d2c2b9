"""The sleeps of reclaim: who wakes the sleeper, and when nobody does."""

from __future__ import annotations

import pytest

from reclaimlab.kernel import reclaim_throttle
from reclaimlab.policy import MSEC, Throttle, ThrottleKind, ThrottleReason
from reclaimlab.testing import Call, SmallMachine, small_machine

WRITEBACK = Throttle(ThrottleKind.RECLAIM_THROTTLE, 100 * MSEC, ThrottleReason.WRITEBACK)


def sleepers(machine: SmallMachine, number: int) -> list[Call]:
    calls = [
        machine.call(reclaim_throttle.sleep(machine.k, WRITEBACK, None)) for _ in range(number)
    ]
    machine.run(MSEC)
    return calls


@pytest.mark.parametrize("number", [1, 2, 5])
def test_throttled_reclaimers_wake_once_more_than_32_pages_each_are_written(number: int) -> None:
    machine = small_machine("linux-6.1")
    machine.k.stat_threshold = 0  # every page is seen at once
    calls = sleepers(machine, number)
    reclaim_throttle.acct_reclaim_writeback(machine.k, 32 * number)
    machine.run(MSEC)
    assert [call.ended for call in calls] == [False] * number
    reclaim_throttle.acct_reclaim_writeback(machine.k, 1)
    machine.run(MSEC)
    assert [call.ended for call in calls] == [True] * number
    assert machine.k.nr_throttled == 0


def test_a_throttled_reclaimer_gives_up_after_100_ms() -> None:
    machine = small_machine("linux-6.1")
    (call,) = sleepers(machine, 1)
    machine.run(200 * MSEC)
    assert call.ended_ns == 100 * MSEC


def test_the_count_begins_anew_with_the_next_first_sleeper() -> None:
    machine = small_machine("linux-6.1")
    (first,) = sleepers(machine, 1)
    reclaim_throttle.acct_reclaim_writeback(machine.k, 30)
    machine.run(200 * MSEC)
    assert first.ended
    (second,) = sleepers(machine, 1)
    reclaim_throttle.acct_reclaim_writeback(machine.k, 30)
    machine.run(MSEC)
    assert not second.ended


def test_writeback_that_ends_wakes_a_throttled_reclaimer() -> None:
    machine = small_machine("linux-6.1")
    extent = machine.populate(33, state="writeback")
    (call,) = sleepers(machine, 1)
    assert extent.unit is not None
    machine.end_writeback(extent.unit)
    machine.run(MSEC)
    assert call.ended


def congestion_wait(queue: str, contender: str) -> tuple[SmallMachine, Call]:
    machine = small_machine(contender, device={"queue": queue})
    machine.device.submit_now(512 * 1024, lambda: None, write=True)  # done after 26 ms
    call = machine.call(reclaim_throttle.congestion_wait(machine.k, 100 * MSEC))
    machine.run(200 * MSEC)
    return machine, call


def test_congestion_wait_ends_with_the_next_request_on_a_legacy_queue() -> None:
    _, call = congestion_wait("legacy", "linux-3.10")
    assert 26 * MSEC <= call.ended_ns < 27 * MSEC


def test_congestion_wait_sleeps_its_full_time_on_blk_mq() -> None:
    _, call = congestion_wait("mq", "linux-6.1")
    assert call.ended_ns == 100 * MSEC


def test_congestion_wait_on_an_idle_legacy_queue_sleeps_its_full_time() -> None:
    machine = small_machine()
    call = machine.call(reclaim_throttle.congestion_wait(machine.k, 100 * MSEC))
    machine.run(200 * MSEC)
    assert call.ended_ns == 100 * MSEC


def test_congestion_wait_is_woken_by_a_request_queued_after_it_began() -> None:
    machine = small_machine()
    call = machine.call(reclaim_throttle.congestion_wait(machine.k, 100 * MSEC))
    machine.run(MSEC)
    machine.device.submit_now(512 * 1024, lambda: None, write=True)
    machine.run(200 * MSEC)
    assert 27 * MSEC <= call.ended_ns < 28 * MSEC


@pytest.mark.parametrize(
    ("zone", "queue", "sleeps"), [(True, True, True), (True, False, False), (False, True, False)]
)
def test_wait_iff_congested_sleeps_only_if_both_a_queue_and_the_zone_are(
    zone: bool, queue: bool, sleeps: bool
) -> None:
    machine = small_machine()
    machine.k.zone.congested = zone
    if queue:
        for _ in range(113):
            machine.device.submit_now(512 * 1024, lambda: None, write=True)
    call = machine.call(reclaim_throttle.wait_iff_congested(machine.k, 100 * MSEC))
    machine.run(200 * MSEC)
    assert (call.ended_ns > 0) == sleeps


@pytest.mark.parametrize(("requests", "congested"), [(112, False), (113, True)])
def test_a_legacy_queue_of_128_is_congested_at_113_requests(requests: int, congested: bool) -> None:
    machine = small_machine()
    for _ in range(requests):
        machine.device.submit_now(4096, lambda: None, write=True)
    assert machine.device.write_congested() is congested


def test_a_throttle_for_no_progress_is_skipped_when_little_waits_for_writeback() -> None:
    machine = small_machine("linux-6.1")
    noprogress = Throttle(ThrottleKind.RECLAIM_THROTTLE, 4 * MSEC, ThrottleReason.NOPROGRESS)
    ended = []
    for state in ("clean", "dirty"):
        machine.populate(100, state=state)
        call = machine.call(reclaim_throttle.sleep(machine.k, noprogress, None))
        began = machine.loop.now
        machine.run(20 * MSEC)
        ended.append(call.ended_ns - began)
        machine.populate(900, state="dirty")
    assert ended == [0, 4 * MSEC]
