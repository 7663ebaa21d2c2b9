"""What the watchdog proves, what it reports, and what it leaves in peace."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from reclaimlab.engine.locks import Mutex
from reclaimlab.engine.wait import Always, WaitQueue
from reclaimlab.errors import PolicyError
from reclaimlab.machine.watchdog import Watchdog
from reclaimlab.measure.records import Verdict
from reclaimlab.testing import (
    Recorder,
    SmallMachine,
    run_small,
    small_machine,
    small_scenario,
    throwaway_policy,
)
from reclaimlab.units import MSEC, SEC

if TYPE_CHECKING:
    from reclaimlab.engine.task import Steps

WRITER = {"dd": {"program": "writer"}}


def watched(machine: SmallMachine, *, hung: int = 120 * SEC, window: int = 60 * SEC) -> Watchdog:
    return Watchdog(machine.k, hung_task_ns=hung, progress_window_ns=window)


def plant_a_deadlock(machine: SmallMachine, *, after_ns: int) -> None:
    """Let Alice and Bob take each other's lock."""
    first, second = Mutex(machine.loop, "lock 1"), Mutex(machine.loop, "lock 2")

    def crossed(one: Mutex, other: Mutex, pause: int) -> Steps:
        yield from one.mutex_lock(machine.k.current)
        yield pause
        yield from other.mutex_lock(machine.k.current)

    machine.call(crossed(first, second, after_ns), name="alice")
    machine.call(crossed(second, first, after_ns + SEC), name="bob")


def verdict_of(watchdog: Watchdog) -> Verdict | None:
    return None if watchdog.incident is None else watchdog.incident.verdict


def sleeping(queue: WaitQueue) -> Steps:
    yield queue


# ---- deadlock -----------------------------------------------------------------------------------


def test_two_tasks_that_hold_each_others_lock_are_a_deadlock_with_their_cycle() -> None:
    machine = small_machine()
    watchdog = watched(machine)
    plant_a_deadlock(machine, after_ns=SEC)
    machine.run(SEC + 500 * MSEC)
    assert watchdog.look() is False, "alice waits, but bob still runs"
    machine.run(SEC)
    assert watchdog.look() is True
    incident = watchdog.incident
    assert incident is not None
    assert incident.verdict is Verdict.DEADLOCK
    assert [report.name.split(":")[0] for report in incident.tasks] == ["alice", "bob"]
    names = [label.split(":")[0] for label in incident.cycle]
    turn = names.index("alice")
    assert names[turn:] + names[:turn] == ["alice", "lock 2", "bob", "lock 1"]


def test_a_deadlock_dates_from_the_moment_it_closed_not_from_when_it_was_seen() -> None:
    machine = small_machine()
    watchdog = watched(machine)
    plant_a_deadlock(machine, after_ns=SEC)
    machine.run(30 * SEC)
    watchdog.look()
    assert watchdog.incident is not None
    assert watchdog.incident.time_ns == 2 * SEC


def test_a_task_that_waits_for_a_live_one_however_long_is_no_deadlock() -> None:
    machine = small_machine()
    watchdog = watched(machine)
    lock = Mutex(machine.loop, "lock")

    def holds() -> Steps:
        yield from lock.mutex_lock(machine.k.current)
        yield 100 * SEC

    machine.call(holds())
    machine.call(lock.mutex_lock(None))  # type: ignore[arg-type]  # held by nobody that could let go
    machine.run(99 * SEC)
    assert watchdog.look() is False
    assert watchdog.incident is None


def test_the_incident_is_told_to_the_policies() -> None:
    recorder = Recorder()
    machine = small_machine(policies=[recorder])
    watchdog = watched(machine)
    plant_a_deadlock(machine, after_ns=SEC)
    machine.run(10 * SEC)
    watchdog.look()
    assert recorder.of("incident") == [{"verdict": "deadlock", "time_ns": 2 * SEC}]


# ---- hung tasks ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("state", "verdict"), [("D", Verdict.STALL), ("K", None), ("S", None)])
def test_only_an_uninterruptible_sleep_is_a_hung_task(state: str, verdict: Verdict | None) -> None:
    machine = small_machine()
    watchdog = watched(machine)
    queue = WaitQueue(machine.loop, "somewhere", state=state, resource=Always("the device"))
    machine.call(sleeping(queue))
    machine.run(119 * SEC)
    watchdog.look()
    assert watchdog.incident is None
    machine.run(200 * SEC)
    assert watchdog.look() is False, "a stall may resolve: the run goes on"
    assert verdict_of(watchdog) == verdict


def test_a_stall_is_dated_when_the_sleep_had_lasted_the_hung_task_time() -> None:
    machine = small_machine()
    watchdog = watched(machine, hung=10 * SEC)
    machine.run(3 * SEC)
    machine.call(sleeping(WaitQueue(machine.loop, "io", resource=Always("the device"))))
    machine.run(60 * SEC)
    watchdog.look()
    assert watchdog.incident is not None
    assert watchdog.incident.time_ns == 13 * SEC


def test_a_task_that_cycles_through_short_sleeps_is_never_a_hung_task() -> None:
    machine = small_machine()
    watchdog = watched(machine, hung=10 * SEC)
    queue = WaitQueue(machine.loop, "congestion", resource=Always("the device"))

    def cycles() -> Steps:
        while True:
            yield queue.for_at_most(100 * MSEC)

    machine.call(cycles())
    for _ in range(300):
        machine.run(SEC)
        assert watchdog.look() is False
    assert watchdog.incident is None


# ---- livelock -----------------------------------------------------------------------------------


def spinning(machine: SmallMachine, *, in_a_call: bool) -> Watchdog:
    watchdog = watched(machine, window=60 * SEC)

    def spins() -> Steps:
        if in_a_call:
            machine.k.process.in_call_since_ns = machine.loop.now
        while True:
            yield 100 * MSEC

    machine.call(spins())
    return watchdog


def test_a_call_without_a_page_cleaned_freed_or_charged_for_the_window_is_a_livelock() -> None:
    machine = small_machine()
    watchdog = spinning(machine, in_a_call=True)
    machine.run(60 * SEC)
    assert watchdog.look() is False
    machine.run(SEC)
    assert watchdog.look() is True
    assert watchdog.incident is not None
    assert watchdog.incident.verdict is Verdict.LIVELOCK


def test_an_idle_machine_is_no_livelock() -> None:
    machine = small_machine()
    watchdog = spinning(machine, in_a_call=False)
    machine.run(600 * SEC)
    assert watchdog.look() is False


def test_one_page_of_progress_opens_the_window_anew() -> None:
    machine = small_machine()
    watchdog = spinning(machine, in_a_call=True)
    machine.run(50 * SEC)
    extent = machine.populate(1, state="writeback")
    assert extent.unit is not None
    machine.end_writeback(extent.unit)
    machine.run(50 * SEC)
    assert watchdog.look() is False


# ---- policies that break ------------------------------------------------------------------------


def explode() -> None:
    raise ZeroDivisionError("in a hook")


def test_a_policy_that_raises_ends_the_run_with_its_name_hook_time_and_task() -> None:
    broken = throwaway_policy("broken", throttle_after_pass=explode)
    with pytest.raises(PolicyError) as caught:
        run_small(small_scenario(limit="4MiB", tasks=WRITER), "linux-3.10", policies=[broken])
    error = caught.value
    assert (error.policy, error.hook) == ("broken", "throttle_after_pass")
    assert error.time_ns is not None
    assert 0 < error.time_ns < SEC
    assert error.task is not None
    assert error.task.startswith("dd")
    assert str(error).startswith("policy broken, hook throttle_after_pass at 0.")


def test_a_policy_that_answers_nonsense_ends_the_run_too() -> None:
    broken = throwaway_policy("broken", decide_oom="perhaps")
    with pytest.raises(PolicyError, match="answered 'perhaps'"):
        run_small(small_scenario(limit="4MiB", tasks=WRITER), "linux-3.5", policies=[broken])


def test_an_observer_that_raises_is_dropped_and_the_run_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    scenario = small_scenario(limit="4MiB", tasks=WRITER)
    told = Recorder()
    broken = throwaway_policy("broken", sampled=explode)
    with caplog.at_level(logging.ERROR):
        result = run_small(scenario, "linux-3.10", policies=[broken, told])
    assert result.ended == "duration"
    assert len(told.of("sampled")) == len(result.series[0].times_ns)
    assert [record.getMessage() for record in caplog.records] == [
        "observer broken, hook sampled raised; it is not told again"
    ]


def test_an_observer_changes_nothing() -> None:
    scenario = small_scenario(filesystem="xfs", limit="8MiB", tasks=WRITER)
    plain = run_small(scenario, "linux-3.10")
    assert run_small(scenario, "linux-3.10", policies=[Recorder()]) == plain


def test_a_run_ends_when_every_task_has() -> None:
    tasks = {"dd": {"program": "writer", "total": "1MiB"}}
    result = run_small(small_scenario(tasks=tasks, duration="60s"))
    assert result.ended == "every task has ended"
    assert result.ended_ns < SEC
    assert result.verdict is Verdict.OK
