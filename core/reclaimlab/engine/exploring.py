"""The second driver of tasks: no clock, no order; whoever may go next is a move to choose.

A *step* is what one task does between two points where others may come in. Moves are of four kinds:
a runnable task runs, an interrupt arrives (a request of a device ends), a timed sleep ends by
itself, a free choice is made. Time is abstracted: ``now`` stays 0, CPU time passes within a step
(coarse) or is a point where others come in (fine), and a timed sleep may end whenever the
granularity allows: coarse, when no task can run, for a step is far shorter than any timeout; fine,
at any moment.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from reclaimlab.engine.loop import Loop, TimeLimit, Timer
from reclaimlab.engine.wait import Choice, TimedWait, WaitQueue

if TYPE_CHECKING:
    from collections.abc import Callable

    from reclaimlab.engine.task import Steps, Task

LONGEST_STEP = 20_000
"""Yields within one step after which a task counts as one that never sleeps."""


class Granularity(StrEnum):
    """Where a step ends besides at a sleep."""

    COARSE = "coarse"
    FINE = "fine"


class Kind(StrEnum):
    """What a move is."""

    RUN = "run"
    INTERRUPT = "interrupt"
    TIMEOUT = "timeout"
    CHOICE = "choice"


class Move(NamedTuple):
    """One way to go on: ``place`` is the task's in ``loop.tasks``, or the interrupt's in order."""

    kind: Kind
    place: int
    choice: int = 0


class EndlessStepError(Exception):
    """A task ran on and on without a sleep."""


class ExploringLoop(Loop):
    """Tasks and pending interrupts, without time.

    Attributes:
        interrupts: what is due at some time, in order of arrival.
        through: task flags under which CPU time passes within a step.
        patient: task flags under which a task goes on only when no other can run.
        choosing: the task in front of a free choice, and among how many; then nothing else moves.
    """

    def __init__(self, granularity: Granularity, *, through: int, patient: int) -> None:
        super().__init__()
        self.fine = granularity is Granularity.FINE
        self.timeless = not self.fine
        self.through = 0 if self.fine else through
        self.patient = patient
        self.interrupts: list[Timer] = []
        self.choosing: tuple[Task, int] | None = None

    def spawn(self, name: str, generator: Steps, *, flags: int = 0, pid: int | None = None) -> Task:
        """Start a task."""
        task = super().spawn(name, generator, flags=flags, pid=pid)
        task.send = None  # type: ignore[assignment]  # a bound method; the frame is asked directly
        return task

    def call_at(self, time_ns: int, call: Callable[[], None]) -> Timer:
        """Have ``call`` made at any later moment."""
        del time_ns
        timer = Timer(call)
        self.interrupts.append(timer)
        return timer

    def elapse(self, delay_ns: int) -> bool:
        """Return False: whether others come in while CPU time passes is for the search to say."""
        del delay_ns
        return False

    def moves(self) -> list[Move]:
        """Return every way to go on."""
        if self.choosing is not None:
            task, count = self.choosing
            index = self.tasks.index(task)
            return [Move(Kind.CHOICE, index, choice) for choice in range(count)]
        places = {id(task): place for place, task in enumerate(self.tasks)}
        ready = [task for task in self.ready if not task.flags & self.patient] or self.ready
        found = [Move(Kind.RUN, place) for place in sorted(places[id(task)] for task in ready)]
        asleep = self.fine or not found
        found += [
            Move(Kind.INTERRUPT, place)
            for place, timer in enumerate(self.interrupts)
            if timer.call is not None
        ]
        if asleep:
            found += [
                Move(Kind.TIMEOUT, place)
                for place, task in enumerate(self.tasks)
                if task.time_limit is not None
            ]
        return found

    def step(self, move: Move) -> None:
        """Make one move."""
        if move.kind is Kind.RUN:
            task = self.tasks[move.place]
            self.ready.remove(task)
            self._run(task)
        elif move.kind is Kind.INTERRUPT:
            call = self.interrupts.pop(move.place).call
            self.current = None
            assert call is not None
            call()
        elif move.kind is Kind.TIMEOUT:
            task = self.tasks[move.place]
            assert task.waits_on is not None
            task.waits_on.waiters.remove(task)
            self.make_ready(task, value=False)
        else:
            task = self.tasks[move.place]
            self.choosing = None
            task.value = move.choice
            self._run(task)
        self.current = None

    def run_on(self, task: Task) -> None:
        """Run a task to its next sleep, or to where CPU time passes outside of reclaim."""
        fine = self.fine, self.timeless, self.through
        self.fine, self.timeless, self.through = False, True, self.patient
        self.ready.remove(task)
        self._run(task)
        self.fine, self.timeless, self.through = fine
        self.current = None

    def _run(self, task: Task) -> None:
        """Run ``task`` to its next sleep; fine, to the next time it lets CPU time pass."""
        self.current = task
        value, task.value = task.value, None
        send = task.generator.send
        for _ in range(LONGEST_STEP):
            try:
                step: Any = send(value)
            except StopIteration:
                self._end(task)
                return
            if type(step) is int:
                value = None
                if task.flags & self.through:
                    continue
                self.ready.append(task)
                return
            self._sleep(task, step)
            return
        msg = f"task {task.name} never sleeps: {' < '.join(task.stack())}"
        raise EndlessStepError(msg)

    def _sleep(self, task: Task, step: object) -> None:
        if type(step) is Choice:
            self.choosing = (task, step.count)
            return
        if type(step) is TimedWait:
            task.time_limit = TimeLimit(task)
            task.attended = True
            step = step.queue
        if type(step) is not WaitQueue:
            super()._sleep(task, step)
            return
        step.waiters.append(task)
        task.waits_on = step
        if task.on_sleep is not None:
            task.on_sleep(task)
