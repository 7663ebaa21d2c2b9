"""The process that explores: its model is imported copyable, so nothing else may run in it."""

from __future__ import annotations

import time
import traceback
from typing import TYPE_CHECKING, Any

from reclaimlab.explore import universe

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from reclaimlab.explore.request import Exploration, ExploreRequest

RECHECK_EVERY = 8
"""Every so many times a remembered answer of a policy is asked for again: it must be the same."""


def serve(connection: Connection, request: ExploreRequest) -> None:
    """Explore, and send ("done", Exploration) or ("error", exception or text)."""
    try:
        answer: tuple[str, Any] = ("done", explore_here(request, connection))
    except KeyboardInterrupt:
        answer = ("error", KeyboardInterrupt())
    except Exception as error:
        answer = _told(error)
    connection.send(answer)
    connection.close()


def _told(error: Exception) -> tuple[str, Any]:
    from reclaimlab.errors import PolicyError, ReclaimlabError

    if isinstance(error, PolicyError):
        return "policy", (error.policy, error.hook, error.problem)
    if isinstance(error, ReclaimlabError):
        return "user", str(error)
    return "bug", traceback.format_exc()


def explore_here(request: ExploreRequest, connection: Connection | None = None) -> Exploration:
    """Explore in this process, which must not have imported the model yet."""
    universe.enter()
    from reclaimlab.engine.exploring import Granularity
    from reclaimlab.explore.machine import Machine
    from reclaimlab.explore.properties import judge
    from reclaimlab.explore.request import Exploration, Violation
    from reclaimlab.explore.search import Search, in_names
    from reclaimlab.hosting.catalog import Catalog
    from reclaimlab.hosting.contender import parse_contender
    from reclaimlab.hosting.extensions import extensions
    from reclaimlab.hosting.host import build_table
    from reclaimlab.scenarios.reader import read_scenario

    began = time.monotonic()
    catalog = Catalog.discover()
    scenario = read_scenario(request.scenario_text, request.scenario)
    table = build_table(
        parse_contender(request.contender, catalog), catalog, recheck_every=RECHECK_EVERY
    )
    machine = Machine(scenario, table, Granularity(request.granularity))
    brought = {name: each.load() for name, each in extensions("property").items() if not each.error}
    search = Search(machine, request, brought)
    told = time.monotonic()

    def stop() -> bool:
        nonlocal told
        if connection is None:
            return False
        if time.monotonic() - told > 0.2:
            told = time.monotonic()
            connection.send(("progress", (len(search.graph.truths), search.graph.transitions)))
        return connection.poll()

    search.run(stop)
    violations = {
        str(found.name): Violation(found.what, in_names(machine, found.path), found.no_return)
        for found in judge(search.graph, search.broken, search.offences)
    }
    return Exploration(
        exhausted=not search.why_cut,
        states=len(search.graph.truths),
        transitions=search.graph.transitions,
        depth=search.depth,
        seconds=time.monotonic() - began,
        why_cut=search.why_cut,
        violations=violations,
        brought=tuple(brought),
    )
