"""An exploration and a schedule as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from reclaimlab.explore.request import PropertyName

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reclaimlab.explore.replay import StepView
    from reclaimlab.explore.request import Exploration, WalkReport


BEYOND_WALKS: Final = (PropertyName.PROGRESS, PropertyName.ALL_CLEANED)
"""What only all schedules together can show."""


def summary(scenario: str, contender: str, granularity: str, found: Exploration) -> str:
    """Return what an exploration came to, a line a property."""
    extent = "every schedule" if found.exhausted else f"NOT every schedule: {found.why_cut}"
    counts = f"{found.states} states, {found.transitions} transitions, {found.seconds:.1f} s"
    lines = [
        f"{scenario}, {contender}, {granularity} steps: {extent}",
        counts if found.walks is None else promise(found.walks, sorted(found.violations)),
        "",
    ]
    lines += [f"{name:<18}{verdict(found, name)}" for name in names_of(found)]
    return "\n".join(lines)


def promise(walks: WalkReport, met: Sequence[str] = ()) -> str:
    """Return what random schedules say about those that were not followed."""
    head = f"seed {walks.seed}, longest {walks.steps} of at most {walks.longest} steps; "
    if walks.pct:
        return (
            f"{head}PCT of depth {walks.pct}: a fault of {walks.pct} ordered events among at most "
            f"{walks.movers} that move, within {walks.longest} steps, is shown by one walk with a "
            f"probability of at least {walks.each:.2g}, by {walks.made} with {walks.bound:.2g}"
        )
    if met:
        return f"{head}every move with the same chance"
    return (
        f"{head}every move with the same chance: with 95 % confidence fewer than "
        f"{walks.bound:.2%} of such schedules violate what none of these did"
    )


def names_of(found: Exploration) -> list[str]:
    """Return the properties that were checked: ours, then those that others brought."""
    ours = [str(name) for name in PropertyName]
    return [*ours, *found.brought]


def verdict(found: Exploration, name: str) -> str:
    """Return what became of one property."""
    violation = found.violations.get(name)
    if violation is None and found.walks is not None and name in BEYOND_WALKS:
        return "not decided by walks"
    if violation is None:
        return "holds" if found.exhausted else "not violated in what was seen"
    count = len(violation.steps)
    return f"VIOLATED: {violation.what} ({count} step{'s' * (count != 1)})"


def steps(views: Sequence[StepView], *, whole: bool = False, single: bool = False) -> str:
    """Return a schedule step by step: what happened, and what is other than before.

    ``single`` has a line for each step and each count of pages that it changed; else the steps of
    one task in a row are one line, as long as nobody begins or ceases to wait. ``whole`` shows the
    stacks at every step.
    """
    lines: list[str] = []
    before = views[0]
    again = 0
    for view in views:
        if view.beyond_return and not (view.number and views[view.number - 1].beyond_return):
            lines.append("---- point of no return: from here on nothing can save it ----")
        last = view.number == views[-1].number
        if not single and not turn_ends(views, view.number):
            continue
        if not single and not last and _is_as_two_before(views, view.number):
            again += 1
            continue
        if again:
            lines.append(f"      and so on, {again // 2} times")
            again = 0
        lines.append(f"{view.number:>4}  {view.title}")
        if single:
            lines += [f"      {each}" for each in memory_changes(before, view)]
        lines += _of_the_tasks(view, whole=whole, last=last)
        before = view
    return "\n".join([*lines, *_ending(views[-1])])


def turn_ends(views: Sequence[StepView], number: int) -> bool:
    """Return whether a step says something that the next one does not: another goes on, or waits.

    The start and the last step always do.
    """
    if number in (0, len(views) - 1) or views[number].oom:
        return True
    one, other = views[number], views[number + 1]
    same = one.title.split(" ", 1)[0] == other.title.split(" ", 1)[0]
    return not same or one.waits != other.waits


def _is_as_two_before(views: Sequence[StepView], number: int) -> bool:
    """Return whether a step is of one more nap in vain: it ends, its task looks and naps again."""
    if number < 2:
        return False
    one, other = views[number - 2], views[number]
    return (one.title, one.waits, one.memory) == (other.title, other.waits, other.memory)


def names_violated(found: Mapping[str, Any]) -> list[str]:
    """Return the properties that an exploration, as JSON has it, has a schedule against."""
    return [name for name, each in found["properties"].items() if each["counterexample"]]


def memory_changes(before: StepView, view: StepView) -> list[str]:
    """Return each count of pages that is another than before."""
    return [
        f"{name} {before.memory.get(name, 0)} -> {count} pages"
        for name, count in view.memory.items()
        if count != before.memory.get(name, 0)
    ]


def _of_the_tasks(view: StepView, *, whole: bool, last: bool) -> list[str]:
    lines = [f"      out of memory: {view.oom}"] if view.oom else []
    for task in view.tasks:
        if task.waits_for and task.state in "DK" and (task.name in view.changed or last):
            lines.append(f"      {task.name} ({task.state}) waits for {task.waits_for}")
            if whole or last:
                lines += [f"          {function}" for function in task.stack]
    return lines


def _ending(end: StepView) -> list[str]:
    if not end.closed:
        return []
    return [
        f"wait only on each other: {', '.join(end.closed)}",
        f"cycle: {' -> '.join([*end.cycle, *end.cycle[:1]])}",
    ]
