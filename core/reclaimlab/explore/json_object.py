"""The JSON object of an exploration, as the command line's contract has it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from reclaimlab.explore.replay import StepView, TaskView, replay
from reclaimlab.explore.schedule import Schedule, schedule_object
from reclaimlab.explore.shorten import shorten
from reclaimlab.explore.text import names_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reclaimlab.explore.request import Exploration, ExploreRequest, Violation, WalkReport

SCHEMA = 1


def exploration_object(request: ExploreRequest, found: Exploration) -> dict[str, Any]:
    """Return what ``explore --json`` prints; without wall-clock times, so it can be compared."""
    return {
        "schema": SCHEMA,
        "scenario": request.scenario,
        "contender": request.contender,
        "exhausted": found.exhausted,
        "why_cut": found.why_cut or None,
        "granularity": request.granularity,
        "states": found.states,
        "transitions": found.transitions,
        "walks": walks_object(found.walks) if found.walks else None,
        "properties": {
            name: {
                "violated": name in found.violations,
                "counterexample": _counterexample(
                    request, name, found.violations.get(name), is_shortest=found.exhausted
                ),
            }
            for name in names_of(found)
        },
    }


def walks_object(walks: WalkReport) -> dict[str, Any]:
    """Return what random schedules were followed, and the bound that they give."""
    meaning = (
        "least probability that a fault of this depth was shown"
        if walks.pct
        else "most share of schedules that violate what none of these did, with 95 % confidence"
    )
    return asdict(walks) | {"bound": walks.bound, "bound_is": meaning}


def _counterexample(
    request: ExploreRequest, name: str, violation: Violation | None, *, is_shortest: bool
) -> dict[str, Any] | None:
    if violation is None:
        return None
    schedule = shorten(schedule_of(request, name, violation), is_shortest=is_shortest)
    plain = schedule_object(schedule)
    views = replay(schedule)
    plain["start"] = step_object(views[0])
    for step, view in zip(plain["steps"], views[1:], strict=True):
        step |= step_object(view)
    return plain


def schedule_of(request: ExploreRequest, name: str, violation: Violation) -> Schedule:
    """Return the schedule that violates the property ``name``."""
    return Schedule(
        request.scenario, request.scenario_text, request.contender, request.granularity,
        name, violation.what, violation.no_return, violation.steps,
    )  # fmt: skip


def stored_views(counterexample: Mapping[str, Any]) -> tuple[StepView, ...]:
    """Return the steps of a counterexample as JSON has it: what :func:`step_object` wrote."""
    return tuple(map(_view, (counterexample["start"], *counterexample["steps"])))


def _view(plain: Mapping[str, Any]) -> StepView:
    tasks = tuple(
        TaskView(each["name"], each["state"], each["waits_for"], tuple(each["stack"]))
        for each in plain["tasks"]
    )
    waits = tuple((w["task"], w["for"], tuple(w["released_by"])) for w in plain["waits"])
    return StepView(
        plain["step"], plain["title"], tasks, tuple(plain["changed"]), waits,
        tuple(plain["closed"]), tuple(plain["cycle"]), dict(plain["memory"]), plain["oom"],
        plain["beyond_return"],
    )  # fmt: skip


def step_object(view: StepView) -> dict[str, Any]:
    """Return one step as JSON writes it."""
    plain = asdict(view)
    plain["step"] = plain.pop("number")
    plain["waits"] = [
        {"task": task, "for": what, "released_by": list(by)} for task, what, by in view.waits
    ]
    return plain
