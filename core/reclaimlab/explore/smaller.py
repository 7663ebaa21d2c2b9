"""The same fault in a smaller scenario: the fewer tasks and pages, the easier it is to follow."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Final

from reclaimlab.errors import ScenarioError
from reclaimlab.explore.request import UnexplorableError
from reclaimlab.scenarios.canonical import scenario_toml
from reclaimlab.scenarios.reader import read_scenario

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reclaimlab.explore.request import Exploration, ExploreRequest

MOST_S: Final = 60.0
"""How long to look for a smaller scenario."""
Settings = tuple[str, ...]


def smallest(
    request: ExploreRequest, name: str, explore: Callable[[ExploreRequest], Exploration]
) -> tuple[Settings, ExploreRequest, Exploration] | None:
    """Return the smallest scenario that violates the property ``name``, and what was found there.

    None if that is the one of ``request``, or none was found in time. All that the scenario counts
    in its parameters is tried, the fewest together first.
    """
    until = time.monotonic() + MOST_S
    for settings, smaller in _smaller(request):
        left = until - time.monotonic()
        if left <= 0:
            break
        try:
            found = explore(replace(smaller, max_seconds=min(left, request.max_seconds)))
        except UnexplorableError:
            continue  # so small that a task of it never sleeps
        if name in found.violations:
            return settings, smaller, found
        if "interrupted" in found.why_cut:
            break
    return None


def _smaller(request: ExploreRequest) -> Iterator[tuple[Settings, ExploreRequest]]:
    """Yield the settings of each smaller scenario, and the request for it."""
    scenario = read_scenario(request.scenario_text, request.scenario)
    counts = {
        name: parameter.default
        for name, parameter in scenario.parameters.items()
        if parameter.unit == "count" and isinstance(parameter.default, int)
    }
    sizes = list(product(*(range(1, count + 1) for count in counts.values())))
    for size in sorted(sizes[:-1], key=lambda size: (sum(size), size)):
        settings = tuple(f"{name}={count}" for name, count in zip(counts, size, strict=True))
        try:
            smaller = read_scenario(request.scenario_text, request.scenario, settings)
        except ScenarioError:
            continue  # so few are not allowed
        yield settings, replace(request, scenario_text=scenario_toml(smaller))
