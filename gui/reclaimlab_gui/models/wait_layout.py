"""Where the nodes of a wait-for graph stand: the cycle a ring, whoever waits for it in columns."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reclaimlab.measure.timeline import WaitGraph

_COLUMN: Final = 230.0
_ROW: Final = 36.0
_RING: Final = 95.0
"""Least radius of the ring."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A node with its place (of its middle, in pixels at scale 1)."""

    label: str
    is_task: bool
    x: float
    y: float
    closed: bool
    in_cycle: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """Every node, and the edges by their places in ``nodes``."""

    nodes: tuple[Placed, ...]
    edges: tuple[tuple[int, int], ...]

    @property
    def cycle(self) -> tuple[str, ...]:
        """The labels in the ring."""
        return tuple(node.label for node in self.nodes if node.in_cycle)


def shortest_cycle(graph: WaitGraph) -> tuple[int, ...]:
    """Return a shortest cycle among the closed nodes, from its first label; empty if none is."""
    closed = graph.closed
    helpers: dict[int, list[int]] = {node: [] for node in closed}
    for waiter, helper in graph.edges:
        if waiter in closed and helper in closed:
            helpers[waiter].append(helper)
    best: tuple[int, ...] = ()
    for start in sorted(closed, key=lambda node: graph.nodes[node].label):
        found = _back_to(start, helpers)
        if found and (not best or len(found) < len(best)):
            best = found
    return best


def _back_to(start: int, helpers: Mapping[int, list[int]]) -> tuple[int, ...]:
    came: dict[int, int] = {}
    waiting = deque([start])
    while waiting:
        node = waiting.popleft()
        for helper in helpers[node]:
            if helper == start:
                path = [node]
                while path[-1] != start:
                    path.append(came[path[-1]])
                return tuple(reversed(path))
            if helper not in came:
                came[helper] = node
                waiting.append(helper)
    return ()


def lay_out(graph: WaitGraph) -> Layout:
    """Return the layout; the same graph is always laid out the same."""
    cycle = shortest_cycle(graph)
    columns = _columns(graph, cycle)
    places: dict[int, tuple[float, float]] = {}
    radius = max(_RING, len(cycle) * 30.0) if cycle else 0.0
    for number, node in enumerate(cycle):
        angle = 2 * math.pi * number / len(cycle) - math.pi / 2
        places[node] = (1.35 * radius * math.cos(angle), radius * math.sin(angle))
    for number, column in enumerate(columns):
        x = -(1.35 * radius + _COLUMN * (number + 0.85)) if cycle else -_COLUMN * number
        for row, node in enumerate(column):
            places[node] = (x, (row - (len(column) - 1) / 2) * _ROW)
    nodes = tuple(
        Placed(each.label, each.is_task, *places[place], place in graph.closed, place in cycle)
        for place, each in enumerate(graph.nodes)
    )
    return Layout(nodes, graph.edges)


def _columns(graph: WaitGraph, cycle: Iterable[int]) -> list[list[int]]:
    """Return the nodes outside the cycle by how far they are from it, or from what is live."""
    waiters: dict[int, list[int]] = {}
    for waiter, helper in graph.edges:
        waiters.setdefault(helper, []).append(waiter)
    depth = dict.fromkeys(cycle, 0)
    waiting = deque(depth)
    if not depth:
        depth = {place: 1 for place, node in enumerate(graph.nodes) if node.live}
        waiting = deque(depth)
    while waiting:
        node = waiting.popleft()
        for waiter in waiters.get(node, ()):
            if waiter not in depth:
                depth[waiter] = depth[node] + 1
                waiting.append(waiter)
    last = max(depth.values(), default=0) + 1
    columns: dict[int, list[int]] = {}
    for place in range(len(graph.nodes)):
        level = depth.get(place, last)
        if level:
            columns.setdefault(level, []).append(place)
    return [
        sorted(columns[level], key=lambda place: graph.nodes[place].label)
        for level in sorted(columns)
    ]
