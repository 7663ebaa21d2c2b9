"""An exploration and a schedule as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.explore.request import PropertyName

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reclaimlab.explore.replay import StepView
    from reclaimlab.explore.request import Exploration


def summary(scenario: str, contender: str, granularity: str, found: Exploration) -> str:
    """Return what an exploration came to, a line a property."""
    extent = "every schedule" if found.exhausted else f"NOT every schedule: {found.why_cut}"
    lines = [
        f"{scenario}, {contender}, {granularity} steps: {extent}",
        f"{found.states} states, {found.transitions} transitions, {found.seconds:.1f} s",
        "",
    ]
    lines += [f"{name:<18}{verdict(found, name)}" for name in names_of(found)]
    return "\n".join(lines)


def names_of(found: Exploration) -> list[str]:
    """Return the properties that were checked: ours, then those that others brought."""
    ours = [str(name) for name in PropertyName]
    return [*ours, *found.brought]


def verdict(found: Exploration, name: str) -> str:
    """Return what became of one property."""
    violation = found.violations.get(name)
    if violation is None:
        return "holds" if found.exhausted else "not violated in what was seen"
    count = len(violation.steps)
    return f"VIOLATED: {violation.what} ({count} step{'s' * (count != 1)})"


def steps(views: Sequence[StepView], *, whole: bool = False) -> str:
    """Return a schedule step by step: what happened, and which tasks are other than before.

    ``whole`` shows every step; else those of the interrupts and plain runs are one line only.
    """
    lines: list[str] = []
    for view in views:
        if view.beyond_return and not (view.number and views[view.number - 1].beyond_return):
            lines.append("---- point of no return: from here on nothing can save it ----")
        lines.append(f"{view.number:>4}  {view.title}")
        if view.oom:
            lines.append(f"      out of memory: {view.oom}")
        last = view.number == views[-1].number
        for task in view.tasks:
            if task.waits_for and task.state in "DK" and (task.name in view.changed or last):
                lines.append(f"      {task.name} ({task.state}) waits for {task.waits_for}")
                if whole or last:
                    lines += [f"          {function}" for function in task.stack]
    end = views[-1]
    if end.closed:
        lines.append(f"wait only on each other: {', '.join(end.closed)}")
        lines.append(f"cycle: {' -> '.join([*end.cycle, *end.cycle[:1]])}")
    return "\n".join(lines)
