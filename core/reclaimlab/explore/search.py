"""Depth first through every state of one machine, each looked at once."""

from __future__ import annotations

import gc
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reclaimlab.engine.exploring import EndlessStepError, Kind
from reclaimlab.engine.waitgraph import closed_set
from reclaimlab.errors import InvariantError, PolicyError
from reclaimlab.explore import graph, naps, reduction
from reclaimlab.explore.graph import Graph
from reclaimlab.explore.request import (
    ExploreRequest,
    ScheduleStep,
    UnexplorableError,
    Violation,
)  # fmt: skip
from reclaimlab.kernel import invariants, oom

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Stop = Callable[[int, int], bool]
    """Told states and transitions so far, says whether to stop."""

    from reclaimlab.engine.exploring import Move
    from reclaimlab.explore.machine import Machine
    from reclaimlab.explore.properties import Found
    from reclaimlab.explore.state import View
    from reclaimlab.kernel.kernel import Kernel
    from reclaimlab.policy.extensions import Property

LOOK_EVERY = 256
GLANCE = 500
"""States of the search that comes before the search."""


class Search:
    """One search, and the graph it has built.

    Attributes:
        why_cut: why it ended before the space did.
        broken: what is wrong in the first state with a broken invariant.
        void: the order of pages makes a difference, and the machine did not keep it.
    """

    def __init__(
        self,
        machine: Machine,
        request: ExploreRequest,
        properties: Mapping[str, Property] | None = None,
    ) -> None:
        self.machine = machine
        self.properties = properties or {}
        self.request = request
        self.graph = Graph()
        self.why_cut = ""
        self.broken = ""
        self.void = False
        self.depth = 0
        self.offences: dict[str, set[int]] = {}
        """Property of a third party -> the states in which it does not hold."""
        self._offended: list[str] = []
        self._known: dict[bytes, int] = {}
        self._began = 0.0
        self._stop: Stop = lambda _states, _transitions: False
        self._path: list[Place] = []

    def run(self, stop: Stop = lambda _states, _transitions: False) -> None:
        """Search until everything is seen or a bound is met."""
        gc.freeze()  # the model itself is no garbage
        gc.set_threshold(50_000, 20, 100)
        self._began = time.monotonic()
        self._stop = stop
        self._begin()
        looked = 0
        while self._has_more():
            if not self._advance(self._path[-1]):
                left = self._path.pop()
                self.machine.go_back(left.view)
            looked += 1  # also on the way down, which may have no end
            if looked % LOOK_EVERY == 0:
                bound = self._bound()
                if bound:
                    self.why_cut = bound
                    break
        for place in reversed(self._path):
            self.graph.truths[place.state] |= graph.UNKNOWN
            self.machine.go_back(place.view)
        self.machine.check()

    def _begin(self) -> None:
        """Enter the state the machine starts in."""
        truths = self._truths()
        view = self.machine.look()
        self._descend(view, self._enter(view.key, truths)[0], 0)

    def _has_more(self) -> bool:
        """Return whether to go on from where the machine is."""
        return bool(self._path) and not self.void

    def _count(self) -> int:
        """Return how many states were met."""
        return len(self.graph.truths)

    def _bound(self) -> str:
        """Return why to end here; empty if there is no reason."""
        seconds = time.monotonic() - self._began
        states = self._count()
        if states >= self.request.max_states:
            return f"{states} states were seen (--max-states)"
        if seconds >= self.request.max_seconds:
            return f"{seconds:.0f} s have passed (--max-time)"
        return "it was interrupted" if self._stop(states, self.graph.transitions) else ""

    def _number(self, key: bytes) -> int | None:
        """Return the number of a state that was met."""
        return self._known.get(key)

    def _enter(self, key: bytes, truths: int) -> tuple[int, bool]:
        """Return the number of a state, and whether it is for this search to go on from there."""
        number = self._known[key] = self.graph.add(truths)
        self._note_offences(number)
        return number, True

    def _note_offences(self, number: int) -> None:
        for name in self._offended:
            self.offences.setdefault(name, set()).add(number)

    def _descend(self, view: View, state: int, depth: int, came: int = -1) -> None:
        """Go on from the state the machine is in, which is new."""
        self.depth = max(self.depth, depth)
        moves = self.machine.moves()
        if not moves:
            self.graph.truths[state] |= graph.STUCK
        if self.request.max_depth and depth >= self.request.max_depth:
            self.graph.truths[state] |= graph.UNKNOWN
            self.why_cut = f"schedules are cut after {depth} steps (--max-depth)"
            moves = []
        wanted = list(enumerate(moves))
        if self.request.reduce:
            wanted = reduction.wanted(self.machine.loop, moves, ordered=self.machine.keeps_order)
        self._path.append(Place(view, state, depth, came, wanted))

    def _advance(self, here: Place) -> bool:
        """Make the next move from a place; return False if there is none left."""
        if not here.wanted:
            if here.others_go_on or not here.failures:
                return False
            here.wanted, here.failures, here.last_resort = here.failures, [], True
        place, move = here.wanted.pop(0)
        events, view, truths = self._step(move, here.view)
        if self.machine.order_shows:
            self.void = True
            self.machine.go_back(view)
            return True
        if events & graph.OUT_OF_MEMORY and not here.last_resort:
            here.failures.append((place, move))
            self.machine.go_back(view)
            return True
        here.others_go_on = here.others_go_on or (
            move.kind is Kind.RUN and view.key != here.view.key
        )
        known = self._number(view.key)
        target, mine = self._enter(view.key, truths) if known is None else (known, False)
        self.graph.connect(here.state, target, place, events)
        if mine:
            self._descend(view, target, here.depth + 1, place)
        else:
            self.machine.go_back(view)
        return True

    def _step(self, move: Move, before: View) -> tuple[int, View, int]:
        """Make a move; return what happened, the state, and what is true of it."""
        machine = self.machine
        k = machine.k
        try:
            naps.make(machine, move, before)
        except EndlessStepError as error:
            raise UnexplorableError(str(error)) from error
        events = graph.PROGRESS if k.vmstat.nr_written else 0
        for failure in k.oom_events:
            events |= graph.OUT_OF_MEMORY | (graph.PREMATURE if failure.premature else 0)
        view = machine.look(before)
        return events, view, 0 if self._number(view.key) is not None else self._truths()

    def _truths(self) -> int:
        k = self.machine.k
        truths = 0 if k.nr_writeback else graph.CLEAN
        asleep = [task for task in k.loop.tasks if task.waits_on is not None and not task.ended]
        blocked = any(task.waits_on.state in "DK" for task in asleep if task.waits_on is not None)
        if not k.nr_writeback and not k.nr_dirty and not blocked and not k.loop.ready:
            truths |= graph.AT_REST
        if blocked and closed_set(k.loop.tasks):
            truths |= graph.CLOSED
        self._offended = [name for name in self.properties if not self._holds(name)]
        if self.request.check:
            try:
                invariants.check(k)
            except InvariantError as error:
                self.broken = self.broken or str(error)
                truths |= graph.BROKEN
        return truths

    def _holds(self, name: str) -> bool:
        try:
            return bool(self.properties[name].holds(SeenState(self.machine.k)))
        except Exception as error:
            problem = f"raised {type(error).__name__}: {error}"
            raise PolicyError(name, "holds", problem) from error


class Place:
    """A state on the way to the present one, and what has not been looked at from there.

    Attributes:
        came: the place of the move that led here among all of the state before.
        wanted: moves to be looked at, each with its place.
    """

    __slots__ = (
        "came", "depth", "failures", "last_resort", "others_go_on", "state", "view", "wanted",
    )  # fmt: skip

    def __init__(
        self, view: View, state: int, depth: int, came: int, wanted: list[tuple[int, Move]]
    ) -> None:
        self.view = view
        self.state = state
        self.depth = depth
        self.came = came
        self.wanted = wanted
        self.failures: list[tuple[int, Move]] = []
        """Moves that end in an OOM: they count only if no other task can go on."""
        self.others_go_on = False
        self.last_resort = False


class SeenState:
    """What a property of a third party sees of a state (policy.extensions.StateView)."""

    __slots__ = ("_k",)
    time_ns = 0

    def __init__(self, k: Kernel) -> None:
        self._k = k

    @property
    def counts(self) -> dict[str, int]:
        """Memory in pages."""
        return oom.memory_state(self._k)

    @property
    def waits(self) -> dict[str, str]:
        """Task -> what it waits for."""
        return {task.name: task.waits_for() for task in self._k.loop.tasks if task.waits_on}


def searched(
    make: Callable[[ExploreRequest], Search], request: ExploreRequest, stop: Stop
) -> Search:
    """Search with what ``make`` returns for a request: for a machine, which is at its start.

    A glance first: it shows what changes at all, and whether the order of pages makes a difference.
    It makes none, unless a task waits for a page.
    """
    glance = replace(request, max_states=min(GLANCE, request.max_states), jobs=1)
    search = make(glance)
    machine = search.machine
    machine.ordered = not request.reduce
    machine.sleeps_out = request.reduce
    search = _kept(search, make, stop)
    if search.why_cut and glance != request:
        machine.settle()
        search = _kept(make(request), make, stop)
    return search


def _kept(search: Search, make: Callable[[ExploreRequest], Search], stop: Stop) -> Search:
    search.run(stop)
    if not search.void:
        return search
    machine = search.machine
    machine.ordered, machine.order_shows = True, False
    again = make(search.request)
    again.run(stop)
    return again


def in_names(machine: Machine, found: Found) -> Violation:
    """Return what was found with its path in names.

    The machine, which is at its start, is led along, so every task and every interrupt stays the
    object it was made as; then it is led back.
    """
    loop, names = machine.loop, machine.names
    requested: list[Any] = list(loop.interrupts)
    steps: list[ScheduleStep] = []
    starts: list[int] = []  # of each move: steps before it
    machine.each_step = True
    views = [machine.look()]
    for place in found.path:
        starts.append(len(steps))
        move = machine.moves()[place]
        if move.kind is Kind.INTERRUPT:
            number = requested.index(loop.interrupts[move.place])
            machine.step(move)
            steps.append(ScheduleStep(str(move.kind), number=number))
        else:
            task = loop.tasks[move.place]
            name = names.get(id(task), task.name)  # one that was started since has its own
            made = naps.make(machine, move, views[-1])
            steps += [ScheduleStep(str(each.kind), name, each.choice) for each in made]
        requested += [timer for timer in loop.interrupts if timer not in requested]
        views.append(machine.look(views[-1]))
    for view in reversed(views[1:]):
        machine.go_back(view)
    machine.each_step = False
    starts.append(len(steps))
    decided = starts[found.no_return] if found.no_return >= 0 else -1
    return Violation(found.what, tuple(steps), decided)
