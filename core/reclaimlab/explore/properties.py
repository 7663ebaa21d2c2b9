"""What is asked of a searched graph, and the shortest schedule to each answer that is no."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reclaimlab.explore import graph
from reclaimlab.explore.request import HangKind, PropertyName

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reclaimlab.explore.graph import Graph


@dataclass(frozen=True, slots=True)
class Found:
    """A property that does not hold: the path that shows it, as places of moves."""

    name: str
    what: str
    path: list[int]
    no_return: int = -1


def judge(space: Graph, broken: str, offences: Mapping[str, set[int]]) -> list[Found]:
    """Return every property that does not hold."""
    truths = space.truths
    doomed = space.cannot_reach(graph.AT_REST, graph.PROGRESS)
    unclean = space.cannot_reach(graph.CLEAN)
    found: list[Found] = []
    manifest = {
        state
        for state, have in enumerate(truths)
        if have & graph.CLOSED or (have & graph.STUCK and (doomed[state] or unclean[state]))
    }
    if manifest:
        found.append(_hang(space, PropertyName.NO_DEADLOCK, manifest, doomed, unclean))
    hangs = {state for state in range(len(truths)) if doomed[state]}
    if hangs:
        goals = (hangs & manifest) or hangs
        found.append(_hang(space, PropertyName.PROGRESS, goals, doomed, unclean))
    dirty = {state for state in range(len(truths)) if unclean[state]}
    if dirty:
        goals = (dirty & manifest) or dirty
        found.append(_hang(space, PropertyName.ALL_CLEANED, goals, doomed, unclean))
    if any(events & graph.PREMATURE for s in range(len(truths)) for _, _, events in space.edges(s)):
        path = space.shortest(set(), graph.PREMATURE)
        what = "a task is killed, or a write() fails, while waiting would have freed memory"
        found.append(Found(PropertyName.NO_PREMATURE_OOM, what, [move for _, move in path]))
    wrong = {state for state, have in enumerate(truths) if have & graph.BROKEN}
    if wrong:
        path = space.shortest(wrong)
        found.append(Found(PropertyName.INVARIANTS, broken, [move for _, move in path]))
    for name, states in offences.items():
        path = space.shortest(states)
        found.append(Found(name, "it does not hold in a state", [move for _, move in path]))
    return found


def _hang(
    space: Graph, name: PropertyName, goals: set[int], doomed: bytearray, unclean: bytearray
) -> Found:
    path = space.shortest(goals)
    states = [state for state, _ in path] + [_end_of(space, path)]
    # A doomed state has only doomed successors, so the first on the way is where it was decided.
    decided = next(
        (place for place, state in enumerate(states) if doomed[state] or unclean[state]), -1
    )
    have = space.truths[states[-1]]
    kind = (
        HangKind.GLOBAL_DEADLOCK
        if have & graph.STUCK
        else HangKind.PARTIAL_DEADLOCK
        if have & graph.CLOSED
        else HangKind.LIVELOCK
    )
    return Found(name, str(kind), [move for _, move in path], decided)


def _end_of(space: Graph, path: list[tuple[int, int]]) -> int:
    if not path:
        return 0
    state, move = path[-1]
    return next(target for target, place, _ in space.edges(state) if place == move)
