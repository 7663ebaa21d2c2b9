"""A schedule made shorter: steps that it does not need are left out, and turns put together.

What a walk stumbled into is long; and of two schedules of the same length the one in which tasks
take fewer turns is easier to follow. Each candidate is tried on the model's ordinary generators and
kept only if it still shows the same.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from reclaimlab.engine.waitgraph import closed_set
from reclaimlab.explore.environment import loop_of
from reclaimlab.explore.replay import Replayer
from reclaimlab.explore.request import PropertyName, UnexplorableError
from reclaimlab.kernel import oom

if TYPE_CHECKING:
    from reclaimlab.explore.request import ScheduleStep
    from reclaimlab.explore.schedule import Schedule
    from reclaimlab.kernel.kernel import Kernel

MOST_STEPS: Final = 20_000
"""Steps that may be replayed to make a schedule shorter: some seconds."""
Steps = tuple["ScheduleStep", ...]


def shorten(schedule: Schedule, *, is_shortest: bool = False) -> Schedule:
    """Return a schedule of the same that is no longer, and has no more turns.

    Only what can be seen in the last state is shortened: a deadlock, a premature OOM. One that is
    the shortest of all, as a search that saw everything gives it, only has turns to spare.
    """
    if schedule.shows not in (PropertyName.NO_DEADLOCK, PropertyName.NO_PREMATURE_OOM):
        return schedule
    shorter = _Shorter(schedule)
    needed = schedule.steps if is_shortest else shorter.without_needless(schedule.steps)
    steps = shorter.with_fewer_turns(needed)
    if steps == schedule.steps:
        return schedule
    # Where it was decided is known of a schedule that was searched, not of one with fewer steps.
    turn = schedule.no_return if is_shortest else -1
    return replace(schedule, steps=steps, no_return=turn)


def turns(steps: Steps) -> int:
    """Return how often another goes on than the one before."""
    return sum(_who(one) != _who(other) for one, other in pairwise(steps))


def _who(step: ScheduleStep) -> tuple[str, str]:
    return ("", step.task) if step.task else (step.kind, str(step.number))


class _Shorter:
    """Tries candidates."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._replayer = Replayer(schedule)
        self._left = MOST_STEPS

    def without_needless(self, steps: Steps) -> Steps:
        """Leave out halves, quarters, ..., single steps, while that shows the same."""
        size = max(len(steps) // 2, 1)
        while True:
            at, cut = 0, False
            while at < len(steps) and self._left > 0:
                candidate = self._shows(steps[:at] + steps[at + size :])
                if candidate is not None and len(candidate) < len(steps):
                    steps, cut = candidate, True
                else:
                    at += size
            if (size == 1 and not cut) or self._left <= 0:
                return steps
            size = max(size // 2, 1)

    def with_fewer_turns(self, steps: Steps) -> Steps:
        """Move a step next to another of the same task, where both orders lead to the same.

        Not across the point of no return, so that it stays where it is.
        """
        turn = self._schedule.no_return
        better = True
        while better and self._left > 0:
            better = False
            for at in range(len(steps) - 1):
                candidate = (*steps[:at], steps[at + 1], steps[at], *steps[at + 2 :])
                if (
                    turns(candidate) < turns(steps)
                    and not at < turn <= at + 2
                    and self._same_after(steps, candidate, at + 2)
                    and self._shows(candidate) == candidate
                ):
                    steps, better = candidate, True
        return steps

    def _same_after(self, one: Steps, other: Steps, count: int) -> bool:
        """Return whether so many steps of two schedules lead to the same state."""
        seen = []
        for steps in (one, other):
            course = self._replayer.start()
            try:
                for number, step in enumerate(steps[:count], 1):
                    course.make(step, number)
            except UnexplorableError:
                return False
            seen.append(_state(course.k))
        return seen[0] == seen[1]

    def _shows(self, steps: Steps) -> Steps | None:
        """Return the steps that could be made up to where it shows; None if it does not."""
        course = self._replayer.start()
        made: list[ScheduleStep] = []
        for step in steps:
            try:
                self._left -= 1
                course.make(step, len(made) + 1)
            except UnexplorableError:
                continue  # what it was for has been left out
            made.append(step)
            k = course.k
            if self._schedule.shows == PropertyName.NO_PREMATURE_OOM:
                if any(event.premature for event in k.oom_events):
                    return tuple(made)
            elif closed_set(k.loop.tasks) or not loop_of(k).moves():
                return tuple(made)
        return None


def _state(k: Kernel) -> tuple[object, ...]:
    """Return what tells two states apart: tasks, pages, requests, and the memory as a whole."""
    tasks = [
        (task.name, task.state, task.flags, task.waits_for(), task.stack()) for task in k.loop.tasks
    ]
    pages = [
        (extent.mapping.name, extent.index, extent.nr, extent.dirty, extent.reclaim,
         extent.unit.label if extent.unit is not None else "")
        for group in k.memcgs
        for lru in (group.lruvec.inactive_file, group.lruvec.active_file)
        for extent in lru
    ]  # fmt: skip
    return tasks, pages, len(loop_of(k).interrupts), oom.memory_state(k)
