"""The process that explores: its model is imported copyable, so nothing else may run in it."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING, Final

from reclaimlab.explore import universe
from reclaimlab.explore.failure import Told, told
from reclaimlab.hosting import gate
from reclaimlab.hosting.probe import limit_memory

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from reclaimlab.explore.request import Exploration, ExploreRequest

RECHECK_EVERY = 8
"""Every so many times a remembered answer of a policy is asked for again: it must be the same."""

TELL_EVERY_S = 0.2


MEMORY: Final = 16 << 30
"""Bytes of a process that asks others' policies: the states of a search are many."""


def serve(connection: Connection, request: ExploreRequest, *, limited: bool = False) -> None:
    """Explore, and send ("done", Exploration) or what went wrong.

    With ``limited``, policies of others are kept from clocks and dice, and memory is limited.
    """
    if limited:
        gate.shut()
        limit_memory(MEMORY)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who asked says when to stop
    try:
        answer: Told = ("done", explore_here(request, connection))
    except Exception as error:
        answer = told(error)
    connection.send(answer)
    connection.close()


def explore_here(request: ExploreRequest, connection: Connection | None = None) -> Exploration:
    """Explore in this process, which must not have imported the model yet."""
    universe.enter()
    from reclaimlab.engine.exploring import Granularity
    from reclaimlab.explore.machine import Machine
    from reclaimlab.explore.properties import Found, judge
    from reclaimlab.explore.repeating import Journal, Repeating
    from reclaimlab.explore.request import Exploration
    from reclaimlab.explore.search import Search, in_names, searched
    from reclaimlab.explore.split import Split
    from reclaimlab.explore.walks import Walks
    from reclaimlab.hosting.catalog import Catalog
    from reclaimlab.hosting.contender import parse_contender
    from reclaimlab.hosting.extensions import extensions
    from reclaimlab.hosting.host import build_table
    from reclaimlab.scenarios.reader import read_scenario

    began = time.monotonic()
    catalog = Catalog.discover()
    scenario = read_scenario(request.scenario_text, request.scenario)
    journal = Journal()
    if connection is not None:
        connection.send(("progress", (0, 0)))  # from here on, policies are asked
    table = build_table(
        parse_contender(request.contender, catalog),
        catalog,
        recheck_every=RECHECK_EVERY,
        watch=journal.guard,
    )
    machine = Machine(scenario, table, Granularity(request.granularity))
    brought = {name: each.load() for name, each in extensions("property").items() if not each.error}
    listener = _Listener(connection)
    search: Search
    if request.walks:
        search = walks = Walks(machine, journal, brought, request)
        walks.run(listener)
        found = [Found(str(name), str(what), path) for name, (what, path) in walks.met.items()]
    else:

        def make(each: ExploreRequest) -> Search:
            kind = Split if each.jobs > 1 else Repeating
            return kind(machine, journal, brought, each)

        search = searched(make, request, listener)
        found = judge(search.graph, search.broken, search.offences)
    violations = {str(each.name): in_names(machine, each) for each in found}
    return Exploration(
        exhausted=not search.why_cut,
        states=len(search.graph.truths),
        transitions=search.graph.transitions,
        depth=search.depth,
        seconds=time.monotonic() - began,
        why_cut=search.why_cut,
        violations=violations,
        brought=tuple(brought),
        walks=search.report if isinstance(search, Walks) else None,
    )


class _Listener:
    """Tells how far a search has come, and hears whether to stop."""

    def __init__(self, connection: Connection | None) -> None:
        self._connection = connection
        self._told = time.monotonic()

    def __call__(self, states: int, transitions: int) -> bool:
        if self._connection is None:
            return False
        if time.monotonic() - self._told > TELL_EVERY_S:
            self._told = time.monotonic()
            self._connection.send(("progress", (states, transitions)))
        return self._connection.poll()
