"""An incident as the kernel's hung-task detector would report it, for pasting into a mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.reports.lines import joined, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reclaimlab.measure.records import Incident, TaskReport

_BLOCKED = {"D", "K"}  # uninterruptible and killable: what khungtaskd looks at


def incident_lines(incident: Incident, contender: str, seed: int | None) -> list[str]:
    """Return the evidence of a verdict: each task with its stack, then who waits for whom."""
    lines = list(_headline(incident, contender, seed))
    for task in incident.tasks:
        lines += ["", *_task(task)]
    if incident.cycle:
        circle = [*incident.cycle, incident.cycle[0]]
        first, *rest = circle
        cycle = joined([f"wait-for cycle: {first}", *rest], " -> ", indent="  ")
        lines += ["", *cycle]
    if incident.memory:
        words = [f"{name} {value}" for name, value in incident.memory.items()]
        lines += ["", *joined([f"memory in pages: {words[0]}", *words[1:]], ", ", indent="  ")]
    return lines


def _headline(incident: Incident, contender: str, seed: int | None) -> Iterator[str]:
    origin = "" if seed is None else f" (seed {seed})"
    moment = f"{incident.verdict} at {incident.time_ns / 1e9:.3f} s{origin}"
    yield from wrapped(f"{contender}: {moment}", indent="  ")
    if incident.note:
        yield from wrapped(incident.note)


def _task(task: TaskReport) -> Iterator[str]:
    yield from wrapped(f"INFO: task {task.name} {_since(task)}.", indent="      ")
    if task.waits_for:
        yield from wrapped(f"waits for {task.waits_for}", start="      ", indent="        ")
    if task.stack:
        yield "Call Trace:"
    for function in task.stack:
        yield from wrapped(function, start=" ", indent="   ")


def _since(task: TaskReport) -> str:
    seconds = f"{task.since_s:.0f}" if task.since_s >= 10 else f"{task.since_s:.3f}"
    if task.state in _BLOCKED:
        return f"blocked for {seconds} seconds in state {task.state}"
    return f"in state {task.state} for {seconds} seconds"
