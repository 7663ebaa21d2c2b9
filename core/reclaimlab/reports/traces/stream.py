"""A timeline as the kernel's tracer would have written it: events in order of time, by CPU.

A simulated task never waits for a CPU, so each has one to itself; interrupts have the last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from reclaimlab.measure.timeline import TaskState
from reclaimlab.reports.traces.tracepoints import SWITCH, WAKING, inert, known

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reclaimlab.measure.timeline import Timeline, TimelineTask
    from reclaimlab.reports.traces.tracepoints import Tracepoint, Value

COMM_LENGTH: Final = 15  # TASK_COMM_LEN without its zero
IDLE: Final = "<idle>"
_PRIORITY: Final = 120
_LETTERS: Final = {
    TaskState.RUNNING: "R",
    TaskState.SLEEPING: "S",
    TaskState.UNINTERRUPTIBLE: "D",
    TaskState.KILLABLE: "K",
    TaskState.DEAD: "X",
}


class Event(NamedTuple):
    """One event of a trace file."""

    time_ns: int
    cpu: int
    comm: str
    pid: int
    tracepoint: Tracepoint
    values: Mapping[str, Value]


def comm_of(name: str) -> str:
    """Return a task's name as the kernel would keep it."""
    return inert(name)[:COMM_LENGTH]


def cpus(timeline: Timeline) -> int:
    """Return how many CPUs the trace has."""
    return len(timeline.tasks) + 1


def events(timeline: Timeline) -> list[Event]:
    """Return every event of a run: the model's tracepoints, switches and wake-ups."""
    every = [*_wakings(timeline), *_tracepoints(timeline)]
    for cpu, task in enumerate(timeline.tasks):
        every.extend(_switches(cpu, task))
    return sorted(every, key=_order)


def _order(event: Event) -> tuple[int, int]:
    """At one time: woken, on the CPU, at work, off the CPU."""
    if event.tracepoint is WAKING:
        return event.time_ns, 0
    if event.tracepoint is SWITCH:
        return event.time_ns, 3 if event.values["next_pid"] == 0 else 1
    return event.time_ns, 2


def _tracepoints(timeline: Timeline) -> Iterator[Event]:
    places = {task.pid: cpu for cpu, task in enumerate(timeline.tasks)}
    for time_ns, task, pid, name, arguments in timeline.events:
        if name != SWITCH.name:  # the spans tell more than the engine's own
            tracepoint, values = known(name, dict(arguments))
            cpu = places.get(pid, len(timeline.tasks))
            yield Event(time_ns, cpu, comm_of(task), pid, tracepoint, values)


def _wakings(timeline: Timeline) -> Iterator[Event]:
    tasks, interrupts = timeline.tasks, len(timeline.tasks)
    for time_ns, woken, waker in timeline.wakes:
        task = tasks[woken]
        values: dict[str, Value] = {
            "comm": comm_of(task.name), "pid": task.pid, "prio": _PRIORITY, "target_cpu": woken
        }  # fmt: skip
        if waker is None:
            yield Event(time_ns, interrupts, IDLE, 0, WAKING, values)
        else:
            by = tasks[waker]
            yield Event(time_ns, waker, comm_of(by.name), by.pid, WAKING, values)


def _switches(cpu: int, task: TimelineTask) -> Iterator[Event]:
    running = False
    for span in task.spans:
        if span.begin_ns == span.end_ns and span.state is not TaskState.DEAD:
            continue  # nobody could see it
        if not running:
            yield _switch(span.begin_ns, cpu, task, "")
        running = span.state is TaskState.RUNNING
        if not running:
            yield _switch(span.begin_ns, cpu, task, _LETTERS[span.state])


def _switch(time_ns: int, cpu: int, task: TimelineTask, left_as: str) -> Event:
    """The CPU goes to ``task``, or from it when it is ``left_as`` a state's letter."""
    idle, own = (f"swapper/{cpu}", 0), (comm_of(task.name), task.pid)
    before, after = (own, idle) if left_as else (idle, own)
    values: dict[str, Value] = {
        "prev_comm": before[0], "prev_pid": before[1], "prev_prio": _PRIORITY,
        "prev_state": left_as or "R",
        "next_comm": after[0], "next_pid": after[1], "next_prio": _PRIORITY,
    }  # fmt: skip
    return Event(time_ns, cpu, before[0] if left_as else IDLE, before[1], SWITCH, values)
