"""A hang as it is told: who waits for what, the pattern it is, and the scenario that repeats it."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from reclaimlab.errors import RecordingError
from reclaimlab.scenarios.builtin import builtin_file
from reclaimlab.scenarios.importers.hang_knowledge import (
    Pattern,
    Wait,
    cures,
    held_by,
    kind_of,
    patterns,
    wait_of,
)
from reclaimlab.scenarios.importers.hungtask import HungReport, HungTask, read_hungtask
from reclaimlab.scenarios.importers.output import write_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

SCHEMA: Final = 1
_WIDTH: Final = 100


@dataclass(frozen=True, slots=True)
class Hang:
    """A report, and the known patterns that it fits, the most telling one first."""

    report: HungReport
    fits: tuple[tuple[Pattern, list[HungTask]], ...]

    @classmethod
    def read(cls, paths: Sequence[Path]) -> Hang:
        """Return the hang that the kernel logs ``paths`` tell of.

        Raises:
            RecordingError: they are no kernel logs, or no hung task is in them.
        """
        report = read_hungtask(paths)
        found = ((pattern, pattern.tasks_of(report)) for pattern in patterns())
        return cls(report, tuple((pattern, tasks) for pattern, tasks in found if tasks))

    def write(self, output: Path) -> None:
        """Write the scenario that repeats the hang, with a comment of where it came from.

        Raises:
            RecordingError: no pattern fits, or ``output`` cannot be written.
        """
        if not self.fits:
            known = ", ".join(pattern.scenario for pattern in patterns())
            msg = f"no known pattern fits {_counted(self.report)} (known: {known})"
            raise RecordingError(f"{msg}; {output} is not written")
        pattern, tasks = self.fits[0]
        kernel = f" of Linux {self.report.kernel}" if self.report.kernel else ""
        said = [
            f"From: a hung-task report{kernel}: {pattern.name}, shown by {_names(tasks)}.",
            f"The scenario {pattern.scenario} unchanged: sizes and speeds are not of the report.",
        ]
        comment = "\n".join(_wrapped(line, "# ", "#   ") for line in said)
        text = builtin_file(pattern.scenario).read_text(encoding="utf-8")
        write_text(f"{comment}\n#\n{text}", output)


def hang_text(hang: Hang) -> str:
    """Return the tasks, the wait-for graph and the patterns as text for a terminal."""
    report = hang.report
    kernel = f", Linux {report.kernel}" if report.kernel else ""
    lines = [f"{_counted(report)}{kernel}"]
    lines += [_task_line(task) for task in report.tasks]
    lines += ["", "who waits for what (a stack names kinds of things, not which one of them)"]
    for resource, tasks in _waiters(report).items():
        lines.append(_wrapped(f"{_names(tasks)} -> {resource}", "  ", "      "))
        if holders := _holders(report, resource):
            said = ", ".join(f"{task} ({symbol})" for task, symbol in holders)
            lines.append(_wrapped(f"{resource} -> perhaps {said}", "    ", "      "))
    if circle := cycle(report):
        lines += [_wrapped(f"possible circle: {' -> '.join(circle)}", "  ", "      ")]
    return "\n".join([*lines, "", *_pattern_lines(hang)])


def hang_object(hang: Hang) -> dict[str, Any]:
    """Return what ``import hungtask --json`` prints."""
    return {
        "schema": SCHEMA,
        "kernel": hang.report.kernel or None,
        "tasks": [_task_object(task) for task in hang.report.tasks],
        "cycle": cycle(hang.report),
        "patterns": [
            {
                "name": pattern.name, "scenario": pattern.scenario, "source": pattern.source,
                "tasks": [str(task) for task in tasks],
                "seeds": cures(pattern.scenario).seeds,
                "cures": list(cures(pattern.scenario).ok),
                "hangs": list(cures(pattern.scenario).hangs),
                "others": list(cures(pattern.scenario).others),
            }
            for pattern, tasks in hang.fits
        ],
    }  # fmt: skip


def cycle(report: HungReport) -> list[str]:
    """Return a shortest possible circle of tasks and resources, its first task again at the end.

    The list is empty if there is none.
    """
    # Resources are few, tasks may be many: an edge is a task with one that waits for another.
    edges: dict[str, dict[str, str]] = {}
    for task in report.tasks:
        for resource in held_by(task):
            edges.setdefault(resource, {}).setdefault(_resource_name(wait_of(task)), str(task))
    circles = (_circle(edges, resource) for resource in edges)
    return min((found for found in circles if found), key=len, default=[])


def _circle(edges: dict[str, dict[str, str]], start: str) -> list[str]:
    paths, seen = [[start]], {start}
    for path in paths:
        for resource, task in edges.get(path[-1], {}).items():
            if resource == start:
                return [task, *path, task]
            if resource not in seen:
                seen.add(resource)
                paths.append([*path, task, resource])
    return []


def _waiters(report: HungReport) -> dict[str, list[HungTask]]:
    waiters: dict[str, list[HungTask]] = {}
    for task in report.tasks:
        waiters.setdefault(_resource_name(wait_of(task)), []).append(task)
    return waiters


def _resource_name(wait: Wait) -> str:
    if wait.resource:
        return wait.resource
    return f"something unknown, in {wait.symbol}" if wait.symbol else "something unknown, no stack"


def _holders(report: HungReport, resource: str) -> list[tuple[HungTask, str]]:
    held = ((task, held_by(task).get(resource)) for task in report.tasks)
    return [(task, symbol) for task, symbol in held if symbol]


def _task_line(task: HungTask) -> str:
    wait = wait_of(task)
    since = f"{task.blocked_s} s" if task.blocked_s else "-"
    return f"  {task!s:<24} {kind_of(task):<13} {since:>6}  {wait.symbol or 'no stack'}"


def _task_object(task: HungTask) -> dict[str, Any]:
    wait = wait_of(task)
    return {
        "name": task.name, "pid": task.pid, "kind": kind_of(task), "blocked_s": task.blocked_s,
        "reports": task.reports, "waits_for": wait.resource or None, "in": wait.symbol or None,
        "may_hold": held_by(task), "stack": task.stack, "doubtful_frames": task.doubtful,
    }  # fmt: skip


def _pattern_lines(hang: Hang) -> list[str]:
    if not hang.fits:
        return ["no known pattern fits"]
    lines = []
    for pattern, tasks in hang.fits:
        known = cures(pattern.scenario)
        said = f"this is {pattern.name}, shown by {_names(tasks)}: scenario {pattern.scenario}"
        lines.append(_wrapped(said, "", "  "))
        cured = f"contenders that cure it (ok in {known.seeds} of {known.seeds} recorded runs): "
        lines.append(_wrapped(cured + ", ".join(known.ok), "  ", "    "))
        lines.append(_wrapped("contenders that hang: " + ", ".join(known.hangs), "  ", "    "))
        if known.others:
            killed = "contenders that kill or fail instead: " + ", ".join(known.others)
            lines.append(_wrapped(killed, "  ", "    "))
    return lines


def _counted(report: HungReport) -> str:
    return f"{len(report.tasks)} hung task{'s' if len(report.tasks) > 1 else ''}"


def _names(tasks: Iterable[HungTask]) -> str:
    return ", ".join(map(str, tasks))


def _wrapped(text: str, first: str, rest: str) -> str:
    return textwrap.fill(
        text, _WIDTH, initial_indent=first, subsequent_indent=rest,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
