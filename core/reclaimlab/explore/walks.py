"""Random schedules of one machine, where there are too many to look at each.

*Random*: every move with the same chance. *PCT* (Burckhardt, Kothari, Musuvathi and Nagarakatte,
ASPLOS 2010): whoever may move has a random priority, the highest goes, and at d - 1 random moments
whoever is highest then becomes the lowest. Such a walk shows a fault that takes d ordered events,
within k steps of n who may move, with a probability of at least 1 / (n k^(d-1)).

What is proved is what a walk meets: a closed set, a premature OOM, a broken invariant. That no path
leads on from a state is beyond walks.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from reclaimlab.engine.exploring import Kind
from reclaimlab.engine.rng import Streams
from reclaimlab.explore import graph
from reclaimlab.explore.repeating import Repeating
from reclaimlab.explore.request import HangKind, PropertyName, WalkReport

if TYPE_CHECKING:
    from reclaimlab.engine.exploring import Move
    from reclaimlab.engine.rng import Stream
    from reclaimlab.explore.search import Stop
    from reclaimlab.explore.state import View

LONGEST: Final = 400
"""Steps after which a walk ends, unless --max-depth says otherwise."""
SOON: Final = 16
"""Walks between two looks at the clock."""


class Walks(Repeating):
    """Walks from the start, and the shortest one met that violates each property.

    Attributes:
        met: property -> what is wrong, and the places of the moves that lead there.
        report: how many walks, how long, among how many.
    """

    met: dict[str, tuple[str, list[int]]]
    report: WalkReport

    def run(self, stop: Stop = lambda _states, _transitions: False) -> None:
        """Make the walks that were asked for, or as many as there was time for."""
        began = time.monotonic()
        request = self.request
        self.met = {}
        longest = request.max_depth or LONGEST
        streams, movers, steps, made = Streams(request.seed), 0, 0, 0
        for made in range(1, request.walks + 1):
            dice = streams[f"walk {made}"]
            chooser = _Priorities(dice, request.pct, longest) if request.pct else _Fair(dice)
            length, among = self._walk(chooser, longest)
            movers, steps = max(movers, among), max(steps, length)
            late = time.monotonic() - began >= request.max_seconds
            if made % SOON == 0 and (late or stop(made, steps)):
                break
        self.report = WalkReport(made, longest, steps, movers, request.pct, request.seed)
        self.why_cut = f"{made} random schedule{'s' * (made != 1)} of it"
        self.depth = steps

    def _walk(self, chooser: _Fair, longest: int) -> tuple[int, int]:
        """Walk once and come back; return the steps made, and how many had a turn to take."""
        machine = self.machine
        views = [machine.look()]
        path: list[int] = []
        while len(path) < longest:
            made = self._step_of(chooser, views[-1])
            if made is None:
                truths = self._truths()
                if not truths & graph.AT_REST:
                    self._meet(PropertyName.NO_DEADLOCK, HangKind.GLOBAL_DEADLOCK, path)
                break
            place, events, view, truths = made
            path.append(place)
            views.append(view)
            if self._look(events, truths, path):
                break
        for view in reversed(views[1:]):
            machine.go_back(view)
        return len(path), chooser.movers

    def _step_of(self, chooser: _Fair, here: View) -> tuple[int, int, View, int] | None:
        """Make one step; one that ends in an OOM only where nobody else can change anything."""
        machine = self.machine
        candidates = list(enumerate(machine.moves()))
        failure: tuple[int, Move] | None = None
        while candidates:
            chosen = candidates.pop(chooser.choose([m for _, m in candidates], machine.loop))
            events, view, truths = self._step(chosen[1], here)
            fails = bool(events & graph.OUT_OF_MEMORY)
            if not fails and (view.key != here.key or not candidates):
                return chosen[0], events, view, truths
            failure = chosen if fails else failure
            machine.go_back(view)
        if failure is None:
            return None
        events, view, truths = self._step(failure[1], here)
        return failure[0], events, view, truths

    def _look(self, events: int, truths: int, path: list[int]) -> bool:
        """Note what a step has shown; return whether the walk is over."""
        if events & graph.PREMATURE:
            what = "a task is killed, or a write() fails, while waiting would have freed memory"
            self._meet(PropertyName.NO_PREMATURE_OOM, what, path)
        if truths & graph.BROKEN:
            self._meet(PropertyName.INVARIANTS, self.broken, path)
        for name in self._offended:
            self._meet(name, "it does not hold in a state", path)
        if truths & graph.CLOSED:
            self._meet(PropertyName.NO_DEADLOCK, HangKind.PARTIAL_DEADLOCK, path)
        return bool(truths & graph.CLOSED)

    def _meet(self, name: str, what: str, path: list[int]) -> None:
        known = self.met.get(name)
        if known is None or len(path) < len(known[1]):
            self.met[name] = (what, list(path))


class _Fair:
    """Every move with the same chance."""

    def __init__(self, dice: Stream) -> None:
        self._dice = dice
        self._seen: set[tuple[Kind, int]] = set()

    @property
    def movers(self) -> int:
        """How many different ones could have moved: tasks, requests, timed sleeps."""
        return len(self._seen)

    def choose(self, moves: list[Move], loop: Any) -> int:
        """Return the place of the move to make."""
        self._seen.update(_mover(move, loop) for move in moves)
        return self._dice.below(len(moves))


class _Priorities(_Fair):
    """The highest of random priorities, with d - 1 changes."""

    def __init__(self, dice: Stream, depth: int, longest: int) -> None:
        super().__init__(dice)
        self._high: dict[tuple[Kind, int], int] = {}
        self._changes = {dice.below(longest): low for low in range(depth - 1)}
        self._step = 0

    def choose(self, moves: list[Move], loop: Any) -> int:
        """Return the place of the move to make."""
        for move in moves:
            mover = _mover(move, loop)
            if mover not in self._high:
                self._high[mover] = len(self._changes) + self._dice.below(1 << 30)
        self._seen = set(self._high)
        if moves[0].kind is Kind.CHOICE:
            return self._dice.below(len(moves))
        if self._step in self._changes:
            best = max(moves, key=lambda move: self._high[_mover(move, loop)])
            self._high[_mover(best, loop)] = self._changes[self._step]
        self._step += 1
        return max(range(len(moves)), key=lambda at: self._high[_mover(moves[at], loop)])


def _mover(move: Move, loop: Any) -> tuple[Kind, int]:
    # Places change when workers are sorted; who stands there does not.
    there = loop.interrupts if move.kind is Kind.INTERRUPT else loop.tasks
    return move.kind, id(there[move.place])
