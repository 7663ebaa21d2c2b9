"""A schedule as a file: what to run, and who goes when; enough to see it again anywhere."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reclaimlab.engine.exploring import Granularity, Kind
from reclaimlab.errors import did_you_mean
from reclaimlab.explore.request import ScheduleStep, UnexplorableError

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Schedule:
    """One schedule of one scenario and contender.

    Attributes:
        what: what it shows. no_return: steps after which nothing can save it any more; -1 if none.
    """

    scenario: str
    scenario_text: str
    contender: str
    granularity: str
    shows: str
    what: str
    no_return: int
    steps: tuple[ScheduleStep, ...]


def schedule_object(schedule: Schedule) -> dict[str, Any]:
    """Return the schedule as JSON writes it."""
    return {
        "schema": SCHEMA,
        "scenario": schedule.scenario,
        "contender": schedule.contender,
        "granularity": schedule.granularity,
        "property": schedule.shows,
        "what": schedule.what,
        "point_of_no_return": schedule.no_return if schedule.no_return >= 0 else None,
        "steps": [
            {"kind": step.kind, "task": step.task, "number": step.number} for step in schedule.steps
        ],
        "scenario_text": schedule.scenario_text,
    }


def read_schedule(path: Path) -> Schedule:
    """Read what :func:`schedule_object` wrote.

    Raises:
        UnexplorableError: the file cannot be read, or is no schedule; says what is wrong.
    """
    try:
        plain = json.loads(path.read_text())
    except OSError as error:
        msg = f"schedule {path} cannot be read: {error.strerror}"
        raise UnexplorableError(msg) from None
    except ValueError as error:
        msg = f"schedule {path} is no JSON: {error}; reclaimlab explore --schedule FILE writes one"
        raise UnexplorableError(msg) from None
    try:
        return _of(plain)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        msg = (
            f"schedule {path} is no schedule: {type(error).__name__}: {error};"
            " reclaimlab explore --schedule FILE writes one"
        )
        raise UnexplorableError(msg) from None


def _of(plain: dict[str, Any]) -> Schedule:
    if plain["schema"] != SCHEMA:
        msg = f"its schema is {plain['schema']!r}, known is {SCHEMA}"
        raise ValueError(msg)
    turn = plain["point_of_no_return"]
    return Schedule(
        scenario=plain["scenario"],
        scenario_text=plain["scenario_text"],
        contender=plain["contender"],
        granularity=str(Granularity(plain["granularity"])),
        shows=plain["property"],
        what=plain["what"],
        no_return=-1 if turn is None else int(turn),
        steps=tuple(
            ScheduleStep(str(Kind(step["kind"])), step["task"], int(step["number"]))
            for step in plain["steps"]
        ),
    )


def unknown_task(name: str, known: list[str], step: int) -> UnexplorableError:
    """Return the error for a step of a task that the scenario does not have."""
    hint = did_you_mean(name, known, what="tasks")
    return UnexplorableError(f"step {step} of the schedule is of task {name!r}; {hint}")
