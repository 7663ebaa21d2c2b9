"""The graph of states that a search has seen, and the sweeps that find what cannot be reached.

States are numbers. A hang is not "no task can step": tasks may go on for ever while no writeback
can end. So progress is looked for backwards: from where it happens to all that can come there. What
is left over is doomed. A state whose moves were not all looked at counts as able to do anything, so
a search that was cut never reports a hang that is not one.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

PROGRESS, PREMATURE, OUT_OF_MEMORY = 1, 2, 4
"""What may happen on an edge: a writeback ended, a premature OOM, any OOM."""
CLEAN, AT_REST, CLOSED, STUCK, UNKNOWN, BROKEN = 1, 2, 4, 8, 16, 32
"""What may be true of a state: no page under writeback; nothing left to do; tasks that wait only
on each other; no move at all; not all of its moves were looked at; an invariant is broken."""


class Graph:
    """States, what is true of them, and the edges between them; 0 is the start."""

    def __init__(self) -> None:
        self.truths = array("B")
        self.starts: list[array[int]] = []
        """For each state: target, move, events of each edge, flat."""
        self.transitions = 0

    def add(self, truths: int) -> int:
        """Enter a state; return its number."""
        self.truths.append(truths)
        self.starts.append(array("I"))
        return len(self.truths) - 1

    def connect(self, source: int, target: int, move: int, events: int) -> None:
        """Enter an edge; ``move`` says which of the source's moves it is."""
        self.starts[source].extend((target, move, events))
        self.transitions += 1

    def edges(self, state: int) -> Iterable[tuple[int, int, int]]:
        """Yield target, move and events of each edge of ``state``."""
        flat = self.starts[state]
        return zip(flat[::3], flat[1::3], flat[2::3], strict=True)

    def cannot_reach(self, truths: int, events: int = 0) -> bytearray:
        """Return a 1 for each state from which no path meets one of ``truths`` or ``events``."""
        lost = bytearray(b"\1" * len(self.truths))
        back: list[list[int]] = [[] for _ in self.truths]
        found: list[int] = []
        for state, have in enumerate(self.truths):
            good = bool(have & (truths | UNKNOWN))
            for target, _, happened in self.edges(state):
                back[target].append(state)
                good = good or bool(happened & events)
            if good:
                lost[state] = 0
                found.append(state)
        while found:
            for state in back[found.pop()]:
                if lost[state]:
                    lost[state] = 0
                    found.append(state)
        return lost

    def shortest(self, goals: set[int], events: int = 0) -> list[tuple[int, int]]:
        """Return a shortest path to a state of ``goals``, or over an edge with ``events``.

        As (state, move) pairs from the start; the last one's move leads to the goal.
        """
        came: dict[int, tuple[int, int]] = {0: (-1, -1)}
        level = [0]
        if 0 in goals:
            return []
        while level:
            following: list[int] = []
            for state in level:
                for target, move, happened in self.edges(state):
                    if target in goals or happened & events:
                        return [*_way(came, state), (state, move)]
                    if target not in came:
                        came[target] = (state, move)
                        following.append(target)
            level = following
        return []


def _way(came: dict[int, tuple[int, int]], state: int) -> list[tuple[int, int]]:
    way: list[tuple[int, int]] = []
    while state:
        before, move = came[state]
        way.append((before, move))
        state = before
    way.reverse()
    return way
