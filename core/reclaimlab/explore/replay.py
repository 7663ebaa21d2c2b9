"""A schedule seen again, step by step, on the model's ordinary generators.

What a search found on copied frames must come out here too, or one of the two is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reclaimlab.engine.exploring import Granularity, Kind, Move
from reclaimlab.engine.task import Task
from reclaimlab.engine.waitgraph import closed_set, find_cycle
from reclaimlab.explore.environment import boot, loop_of
from reclaimlab.explore.request import ScheduleStep, UnexplorableError
from reclaimlab.explore.schedule import Schedule, unknown_task
from reclaimlab.hosting.catalog import Catalog
from reclaimlab.hosting.contender import parse_contender
from reclaimlab.hosting.host import build_table
from reclaimlab.kernel import oom
from reclaimlab.kernel.names import kernel_stack
from reclaimlab.scenarios.reader import read_scenario

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reclaimlab.engine.exploring import ExploringLoop
    from reclaimlab.engine.loop import Timer
    from reclaimlab.kernel.kernel import Kernel


@dataclass(frozen=True, slots=True)
class TaskView:
    """One task after a step; the stack innermost first."""

    name: str
    state: str
    waits_for: str
    stack: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StepView:
    """One step, and the machine after it.

    Attributes:
        title: what happened, in the kernel's names.
        tasks: every task. changed: the names of those whose view is another than before.
        waits: the wait-for graph: (task, what it waits for, who could release that).
        closed: tasks that wait only on each other; cycle: one cycle among them.
        memory: pages, by what they are.
        beyond_return: from here on nothing can save it any more.
    """

    number: int
    title: str
    tasks: tuple[TaskView, ...]
    changed: tuple[str, ...]
    waits: tuple[tuple[str, str, tuple[str, ...]], ...]
    closed: tuple[str, ...]
    cycle: tuple[str, ...]
    memory: dict[str, int]
    oom: str
    beyond_return: bool


def replay(schedule: Schedule) -> tuple[StepView, ...]:
    """Return the start and every step of ``schedule``.

    Raises:
        UnexplorableError: the schedule does not fit the scenario: it names the step.
        ScenarioError, ContenderError, PolicyError: as a run raises them.
    """
    course = Replayer(schedule).start()
    view = _view(course.k, 0, "start", (), beyond=schedule.no_return == 0)
    views = [view]
    for number, step in enumerate(schedule.steps, 1):
        title = course.make(step, number)
        beyond = 0 <= schedule.no_return <= number
        view = _view(course.k, number, title, view.tasks, beyond=beyond)
        views.append(view)
    return tuple(views)


class Replayer:
    """Starts the machine of a schedule, as often as is asked for.

    Raises:
        ScenarioError, ContenderError, PolicyError: as a run raises them.
    """

    def __init__(self, schedule: Schedule) -> None:
        self._catalog = Catalog.discover()
        self._scenario = read_scenario(schedule.scenario_text, schedule.scenario)
        self._contender = parse_contender(schedule.contender, self._catalog)
        self._granularity = Granularity(schedule.granularity)

    def start(self) -> Course:
        """Return a machine at its start."""
        table = build_table(self._contender, self._catalog)
        return Course(boot(self._scenario, table, self._granularity))


class Course:
    """A machine that is led along a schedule."""

    def __init__(self, k: Kernel) -> None:
        self.k = k
        self._requested = list(loop_of(k).interrupts)

    def make(self, step: ScheduleStep, number: int) -> str:
        """Make a step, the ``number``-th; return what it was.

        Raises:
            UnexplorableError: it is not possible there.
        """
        k, requested = self.k, self._requested
        loop = loop_of(k)
        move = _move(loop, step, number, requested)
        if move not in loop.moves():
            msg = f"step {number} of the schedule, {step.kind} {step.task}, is not possible there"
            raise UnexplorableError(msg)
        subject = loop.tasks[move.place] if move.kind is not Kind.INTERRUPT else None
        about = _request(loop.interrupts[move.place].call) if subject is None else ""
        del k.oom_events[:]
        loop.step(move)
        requested += [timer for timer in loop.interrupts if timer not in requested]
        return _title(k, move, subject, about)


def _move(loop: ExploringLoop, step: ScheduleStep, number: int, requested: list[Timer]) -> Move:
    """Return the move that a step names."""
    if step.kind == Kind.INTERRUPT:
        if not step.number < len(requested) or requested[step.number] not in loop.interrupts:
            msg = f"step {number} of the schedule is the end of request {step.number}: none is open"
            raise UnexplorableError(msg)
        return Move(Kind.INTERRUPT, loop.interrupts.index(requested[step.number]))
    known = [task.name for task in loop.tasks]
    if step.task not in known:
        raise unknown_task(step.task, known, number)
    return Move(Kind(step.kind), known.index(step.task), step.number)


def _title(k: Kernel, move: Move, task: Task | None, about: str) -> str:
    if task is None:
        return f"interrupt: the device is done with {about or 'a request'}"
    if move.kind is Kind.TIMEOUT:
        return f"{task.name}: its sleep ends by itself"
    stack = kernel_stack(task.stack(), folios=k.features.folio_names)
    where = stack[0] if stack else ""
    if task.ended:
        return f"{task.name} runs and exits"
    if task.waits_on is None:
        return f"{task.name} runs" + (f" to {where}" if where else "")
    place = f" in {where}" if where else ""
    return f"{task.name} runs and sleeps{place} on {task.waits_for()}"


def _request(call: Any) -> str:
    while getattr(call, "args", None):
        call = call.args[-1]
    return getattr(call, "label", "")


def _view(
    k: Kernel, number: int, title: str, before: tuple[TaskView, ...], *, beyond: bool
) -> StepView:
    folios = k.features.folio_names
    tasks = tuple(
        TaskView(task.name, task.state, task.waits_for(), kernel_stack(task.stack(), folios=folios))
        for task in k.loop.tasks
    )
    dead = closed_set(k.loop.tasks)
    failures = [
        f"{event.task} needed {event.needed} pages, {event.waiting} would be free after writeback"
        for event in k.oom_events
    ]
    return StepView(
        number,
        title,
        tasks,
        tuple(task.name for task in tasks if task not in before),
        tuple(_waits(k)),
        tuple(task.name for task in dead),
        find_cycle(dead),
        oom.memory_state(k),
        "; ".join(failures),
        beyond,
    )


def _waits(k: Kernel) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for task in k.loop.tasks:
        queue = task.waits_on
        if queue is None or queue.resource is None:
            continue
        by = tuple(dict.fromkeys(_ends(queue.resource, set())))
        yield task.name, queue.resource.label, by


def _ends(resource: Any, seen: set[int]) -> Iterator[str]:
    """Name the tasks at the end of a chain of resources, or the device that needs none."""
    seen.add(id(resource))
    for other in resource.releasers():
        if isinstance(other, Task):
            yield other.name
        elif other is resource:
            yield "goes on by itself"
        elif id(other) not in seen:
            yield from _ends(other, seen)
