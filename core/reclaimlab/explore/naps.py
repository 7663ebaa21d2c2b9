"""Naps and tries in vain are one move: what a task does over and over, and nothing comes of it.

A reclaimer that sleeps between its looks at the lists does so 26 times before it gives up, and a
charge tries that five times. Each nap would be a state of its own, and for two that nap each pair.
The limit on such tries is meant as one on time. So where time is abstract, a nap that ends by
itself, after which its task finds all as it was and naps again, is followed by the next one at
once, until its task does something else. What others do is looked at in the first of them.

So with fine steps for the tries of a charge that do not sleep: one after which all is as it was is
followed by what remains of them as by a coarse step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reclaimlab.engine.exploring import Kind, Move

if TYPE_CHECKING:
    from reclaimlab.engine.task import Task
    from reclaimlab.explore.machine import Machine
    from reclaimlab.explore.state import View


MOST_AHEAD: Final = 64
"""Naps between two looks at what they have changed."""


def make(machine: Machine, move: Move, before: View) -> list[Move]:
    """Make a move, and the naps in vain that follow; return all that were made."""
    if machine.sleeps_out and move.kind is Kind.TIMEOUT:
        return sleep_out(machine, move, before)
    if machine.sleeps_out and machine.loop.fine and move.kind is Kind.RUN:
        return _try(machine, move, before)
    machine.step(move)
    return [move]


def _try(machine: Machine, move: Move, before: View) -> list[Move]:
    """Have a task run; if it tries at reclaim in vain, and would again, have it try to the end."""
    loop = machine.loop
    task = loop.tasks[move.place]
    if not task.flags & loop.patient:
        machine.step(move)
        return [move]
    rest = machine.look_without(task)
    made = [move]
    machine.step(move)
    if _tries_on(machine, task):
        machine.look(before)
        if not machine.keeps_order and machine.look_without(task) == rest:
            made += _try_to_the_end(machine, task)
    return made


def _tries_on(machine: Machine, task: Task) -> bool:
    """Return whether all that a task has done is to let CPU time pass in reclaim."""
    k, loop = machine.k, machine.loop
    again = task in loop.ready and task.flags & loop.patient
    return bool(again and not k.oom_events and not k.vmstat.nr_written)


def _try_to_the_end(machine: Machine, task: Task) -> list[Move]:
    if not machine.each_step:
        machine.run_on(task)
        return []
    made: list[Move] = []
    while _tries_on(machine, task):
        made.append(Move(Kind.RUN, machine.loop.tasks.index(task)))
        machine.step(made[-1])
    return made


def sleep_out(machine: Machine, move: Move, before: View) -> list[Move]:
    """Have a timed sleep end, and all that follow in vain; return the moves that were made.

    ``before`` is the state the machine is in. It ends with its task about to go on, or asleep as it
    was some naps before, if it would nap for ever.
    """
    sleeper = _Sleeper(machine, machine.loop.tasks[move.place], before)
    seen = {before.key}
    ahead = 1
    while ahead:
        slept = sleeper.nap(ahead)
        if slept < ahead:
            ahead = min(slept, ahead // 2)
        elif sleeper.here.key in seen:
            return sleeper.made
        else:
            seen.add(sleeper.here.key)
            ahead = min(2 * ahead, MOST_AHEAD)
    return [*sleeper.made, sleeper.wake()]


class _Sleeper:
    """A task that naps.

    Attributes:
        here: the state after the last nap in vain. made: the moves that led there.
    """

    def __init__(self, machine: Machine, task: Task, here: View) -> None:
        self._machine = machine
        self._task = task
        self._rest = machine.look_without(task)
        self.here = here
        self.made: list[Move] = []

    def nap(self, count: int) -> int:
        """Nap so many times in vain, or not at all; return how many were not known to matter."""
        made: list[Move] = []
        for slept in range(count):
            made.append(self.wake())
            made.append(self._move(Kind.RUN))
            if self._matters():
                self._machine.go_back(self._machine.look(self.here))
                return slept
        there = self._machine.look(self.here)
        if self._machine.look_without(self._task) != self._rest:
            self._machine.go_back(there)
            return count - 1
        self.here = there
        self.made += made
        return count

    def wake(self) -> Move:
        """Have the present nap end by itself."""
        return self._move(Kind.TIMEOUT)

    def _move(self, kind: Kind) -> Move:
        move = Move(kind, self._machine.loop.tasks.index(self._task))
        self._machine.step(move)
        return move

    def _matters(self) -> bool:
        """Return whether a step has shown something, or its task does not nap again."""
        k = self._machine.k
        awake = self._task.time_limit is None or self._machine.loop.ready
        return bool(awake or k.oom_events or k.vmstat.nr_written)
