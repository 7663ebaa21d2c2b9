"""The exploring loop on tasks made by hand: which moves there are, and what each of them does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reclaimlab.engine import exploring
from reclaimlab.engine.exploring import (
    EndlessStepError,
    ExploringLoop,
    Granularity,
    Kind,
    Move,
)
from reclaimlab.engine.wait import Choice, WaitQueue

if TYPE_CHECKING:
    from reclaimlab.engine.task import Steps

THROUGH, PATIENT = 1, 2


def loop_of(granularity: Granularity) -> ExploringLoop:
    return ExploringLoop(granularity, through=THROUGH, patient=PATIENT)


def works(log: list[str], name: str, queue: WaitQueue) -> Steps:
    log.append(f"{name} begins")
    yield 100
    log.append(f"{name} goes on")
    yield queue
    log.append(f"{name} ends")


@pytest.mark.parametrize(
    ("granularity", "flags", "seen"),
    [
        (Granularity.COARSE, THROUGH, ["a begins", "a goes on"]),
        (Granularity.COARSE, 0, ["a begins"]),
        (Granularity.COARSE, PATIENT, ["a begins"]),
        (Granularity.FINE, THROUGH, ["a begins"]),
    ],
)
def test_a_step_goes_through_cpu_time_only_where_it_is_coarse_and_the_task_may(
    granularity: Granularity, flags: int, seen: list[str]
) -> None:
    loop, log = loop_of(granularity), list[str]()
    loop.spawn("a", works(log, "a", WaitQueue(loop, "queue")), flags=flags)
    loop.step(Move(Kind.RUN, 0))
    assert log == seen


def test_a_sleeper_is_no_move_until_it_is_woken() -> None:
    loop, log = loop_of(Granularity.COARSE), list[str]()
    queue = WaitQueue(loop, "queue")
    loop.spawn("a", works(log, "a", queue), flags=THROUGH)
    loop.step(Move(Kind.RUN, 0))
    assert loop.moves() == []
    queue.wake_one()
    assert loop.moves() == [Move(Kind.RUN, 0)]
    loop.step(Move(Kind.RUN, 0))
    assert log[-1] == "a ends"
    assert loop.moves() == []


def test_a_patient_task_goes_on_only_when_no_other_can() -> None:
    loop, log = loop_of(Granularity.COARSE), list[str]()
    queue = WaitQueue(loop, "queue")
    loop.spawn("patient", works(log, "patient", queue), flags=PATIENT | THROUGH)
    loop.spawn("other", works(log, "other", queue), flags=THROUGH)
    assert loop.moves() == [Move(Kind.RUN, 1)]
    loop.step(Move(Kind.RUN, 1))
    assert loop.moves() == [Move(Kind.RUN, 0)]


def sleeps(queue: WaitQueue, seen: list[object]) -> Steps:
    seen.append((yield queue.for_at_most(1000)))


@pytest.mark.parametrize("granularity", Granularity)
def test_a_timeout_ends_a_sleep_coarse_only_when_nothing_else_can_happen(
    granularity: Granularity,
) -> None:
    loop, seen = loop_of(granularity), list[object]()
    queue = WaitQueue(loop, "queue")
    loop.spawn("sleeper", sleeps(queue, seen), flags=THROUGH)
    loop.spawn("other", works([], "other", queue), flags=THROUGH)
    loop.step(Move(Kind.RUN, 0))
    timeout = Move(Kind.TIMEOUT, 0)
    assert (timeout in loop.moves()) is (granularity is Granularity.FINE)
    while runs := [move for move in loop.moves() if move.kind is Kind.RUN]:
        loop.step(runs[0])
    assert timeout in loop.moves()
    loop.step(timeout)
    assert timeout not in loop.moves()
    loop.step(Move(Kind.RUN, 0))
    assert seen == [False]


def test_an_interrupt_is_a_move_of_its_own_and_happens_once() -> None:
    loop, calls = loop_of(Granularity.COARSE), list[str]()
    loop.call_at(10, lambda: calls.append("first"))
    loop.call_at(20, lambda: calls.append("second"))
    assert loop.moves() == [Move(Kind.INTERRUPT, 0), Move(Kind.INTERRUPT, 1)]
    loop.step(Move(Kind.INTERRUPT, 1))
    assert calls == ["second"]
    assert loop.moves() == [Move(Kind.INTERRUPT, 0)]


def test_in_front_of_a_free_choice_nothing_else_moves() -> None:
    def chooses() -> Steps:
        seen.append((yield Choice(3)))

    loop, seen = loop_of(Granularity.FINE), list[object]()
    loop.call_at(10, lambda: None)
    loop.spawn("a", chooses())
    loop.step(Move(Kind.RUN, 0))
    assert loop.moves() == [Move(Kind.CHOICE, 0, outcome) for outcome in range(3)]
    loop.step(Move(Kind.CHOICE, 0, 2))
    assert seen == [2]
    assert loop.moves() == [Move(Kind.INTERRUPT, 0)]


def test_a_task_that_never_sleeps_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def spins() -> Steps:
        while True:
            yield 1

    monkeypatch.setattr(exploring, "LONGEST_STEP", 50)
    loop = loop_of(Granularity.COARSE)
    loop.spawn("spinner", spins(), flags=THROUGH)
    with pytest.raises(EndlessStepError, match="task spinner never sleeps: spins"):
        loop.step(Move(Kind.RUN, 0))
