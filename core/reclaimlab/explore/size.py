"""How large a scenario is that was too large, and which setting makes it smaller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.scenarios.reader import read_scenario

if TYPE_CHECKING:
    from reclaimlab.explore.request import Exploration, ExploreRequest
    from reclaimlab.scenarios.schema import Scenario


def advice(request: ExploreRequest, found: Exploration) -> str:
    """Return how large the scenario is at least, and the way to a smaller one."""
    scenario = read_scenario(request.scenario_text, request.scenario)
    tasks = sum(task.count for task in scenario.task.values())
    workers = sum(each.workers or 0 for each in scenario.filesystem.values())
    pages = _pages(scenario)
    people = f"{tasks} task{'s' * (tasks != 1)} and {workers} bounded workers"
    room = f"{pages} pages in its memcgs" if pages else "memcgs without a limit in pages"
    return (
        f"{request.scenario} is too large for these bounds: {people}, {room}; more than"
        f" {found.states} states, at {found.states / max(found.seconds, 1e-9):.0f} a second.\n"
        f"{_way_out(scenario)}"
    )


def _pages(scenario: Scenario) -> int:
    return sum(each.limit_pages or 0 for each in scenario.memcg.values())


def _way_out(scenario: Scenario) -> str:
    """Name the settings that can still be lowered, else the bounds and the walks."""
    lower = [
        f"--set {name}={parameter.default - 1}"
        for name, parameter in scenario.parameters.items()
        if parameter.unit == "count"
        and isinstance(parameter.default, int)
        and parameter.default > 1
    ]
    ways = [f"make it smaller with {' or '.join(lower)}"] if lower else []
    ways.append("give it more with --max-states and --max-time")
    ways.append("follow random schedules with --walks 1000")
    return "; ".join(ways)
