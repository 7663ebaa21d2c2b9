"""The JSON object of an exploration, as the command line's contract has it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from reclaimlab.explore.replay import replay
from reclaimlab.explore.schedule import Schedule, schedule_object
from reclaimlab.explore.text import names_of

if TYPE_CHECKING:
    from reclaimlab.explore.replay import StepView
    from reclaimlab.explore.request import Exploration, ExploreRequest, Violation

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
        "properties": {
            name: {
                "violated": name in found.violations,
                "counterexample": _counterexample(request, name, found.violations.get(name)),
            }
            for name in names_of(found)
        },
    }


def _counterexample(
    request: ExploreRequest, name: str, violation: Violation | None
) -> dict[str, Any] | None:
    if violation is None:
        return None
    schedule = Schedule(
        request.scenario, request.scenario_text, request.contender, request.granularity,
        name, violation.what, violation.no_return, violation.steps,
    )  # fmt: skip
    plain = schedule_object(schedule)
    views = replay(schedule)
    plain["start"] = step_object(views[0])
    for step, view in zip(plain["steps"], views[1:], strict=True):
        step |= step_object(view)
    return plain


def step_object(view: StepView) -> dict[str, Any]:
    """Return one step as JSON writes it."""
    plain = asdict(view)
    plain["step"] = plain.pop("number")
    plain["waits"] = [
        {"task": task, "for": what, "released_by": list(by)} for task, what, by in view.waits
    ]
    return plain
