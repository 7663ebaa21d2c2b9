"""Depth first through every state of one machine, each looked at once."""

from __future__ import annotations

import gc
import hashlib
import time
from typing import TYPE_CHECKING, Any

from reclaimlab.engine.exploring import EndlessStepError, Kind
from reclaimlab.engine.waitgraph import closed_set
from reclaimlab.errors import InvariantError, PolicyError
from reclaimlab.explore import graph, reduction
from reclaimlab.explore.canonical import canonicalise
from reclaimlab.explore.graph import Graph
from reclaimlab.explore.request import ExploreRequest, ScheduleStep, UnexplorableError
from reclaimlab.kernel import invariants, oom

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reclaimlab.engine.exploring import Move
    from reclaimlab.explore.machine import Machine
    from reclaimlab.kernel.kernel import Kernel
    from reclaimlab.policy.extensions import Property

DIGEST_BYTES = 16
"""Of a state's canonical bytes: two states of a billion are alike by chance once in 10^20 times."""
LOOK_EVERY = 256


class Search:
    """One search, and the graph it has built.

    Attributes:
        why_cut: why it ended before the space did.
        broken: what is wrong in the first state with a broken invariant.
    """

    def __init__(
        self,
        machine: Machine,
        request: ExploreRequest,
        properties: Mapping[str, Property] | None = None,
    ) -> None:
        self.machine = machine
        self._properties = properties or {}
        self.request = request
        self.graph = Graph()
        self.why_cut = ""
        self.broken = ""
        self.depth = 0
        self.start = b""
        self.offences: dict[str, set[int]] = {}
        """Property of a third party -> the states in which it does not hold."""
        self._offended: list[str] = []
        self._known: dict[bytes, int] = {}
        self._stack: list[tuple[int, int, bytes]] = []

    def run(self, stop: Callable[[], bool] = lambda: False) -> None:
        """Search until everything is seen or a bound is met."""
        began = time.monotonic()
        gc.freeze()  # the model itself is no garbage
        gc.set_threshold(50_000, 20, 100)
        truths = self._truths()
        self.start = self.machine.save()
        self._enter(truths, self.start, 0)
        looked = 0
        while self._stack:
            state, depth, saved = self._stack.pop()
            self._expand(state, depth, saved)
            looked += 1
            if looked % LOOK_EVERY == 0:
                self.why_cut = self._bound(time.monotonic() - began, stop)
                if self.why_cut:
                    break
        for state, _, _ in self._stack:
            self.graph.truths[state] |= graph.UNKNOWN

    def _bound(self, seconds: float, stop: Callable[[], bool]) -> str:
        if len(self.graph.truths) >= self.request.max_states:
            return f"{len(self.graph.truths)} states were seen (--max-states)"
        if seconds >= self.request.max_seconds:
            return f"{seconds:.0f} s have passed (--max-time)"
        return "it was interrupted" if stop() else ""

    def _enter(self, truths: int, saved: bytes, depth: int) -> int:
        """Return the number of a state, new or known."""
        key = hashlib.blake2b(saved, digest_size=DIGEST_BYTES).digest()
        number = self._known.get(key)
        if number is None:
            number = self._known[key] = self.graph.add(truths)
            self._stack.append((number, depth, saved))
            self.depth = max(self.depth, depth)
            for name in self._offended:
                self.offences.setdefault(name, set()).add(number)
        return number

    def _expand(self, state: int, depth: int, saved: bytes) -> None:
        machine = self.machine
        machine.restore(saved)
        moves = machine.moves()
        if not moves:
            self.graph.truths[state] |= graph.STUCK
        if self.request.max_depth and depth >= self.request.max_depth:
            self.graph.truths[state] |= graph.UNKNOWN
            self.why_cut = f"schedules are cut after {depth} steps (--max-depth)"
            return
        failures: list[tuple[int, int, bytes, int]] = []
        others_go_on = live = False
        wanted = [
            (place, move)
            for place, move in enumerate(moves)
            if not (self.request.reduce and reduction.can_wait(machine.loop, move))
        ]
        for place, move in wanted:
            if live:
                machine.restore(saved)
            live = True
            events, truths, after = self._step(move)
            if events & graph.OUT_OF_MEMORY:
                failures.append((place, truths, after, events))
                continue
            others_go_on = others_go_on or (move.kind is Kind.RUN and after != saved)
            self.graph.connect(state, self._enter(truths, after, depth + 1), place, events)
        if not others_go_on:
            for place, truths, after, events in failures:
                self.graph.connect(state, self._enter(truths, after, depth + 1), place, events)

    def _step(self, move: Move) -> tuple[int, int, bytes]:
        """Make a move; return what happened, what is true afterwards, and the state."""
        machine = self.machine
        k = machine.k
        try:
            machine.step(move)
        except EndlessStepError as error:
            raise UnexplorableError(str(error)) from error
        events = graph.PROGRESS if k.vmstat.nr_written else 0
        for failure in k.oom_events:
            events |= graph.OUT_OF_MEMORY | (graph.PREMATURE if failure.premature else 0)
        truths = self._truths()
        return events, truths, machine.save()

    def _truths(self) -> int:
        k = self.machine.k
        truths = 0 if k.nr_writeback else graph.CLEAN
        asleep = [task for task in k.loop.tasks if task.waits_on is not None and not task.ended]
        blocked = any(task.waits_on.state in "DK" for task in asleep if task.waits_on is not None)
        if not k.nr_writeback and not k.nr_dirty and not blocked and not k.loop.ready:
            truths |= graph.AT_REST
        if blocked and closed_set(k.loop.tasks):
            truths |= graph.CLOSED
        self._offended = [name for name in self._properties if not self._holds(name)]
        if self.request.check:
            try:
                invariants.check(k)
            except InvariantError as error:
                self.broken = self.broken or str(error)
                truths |= graph.BROKEN
        return truths

    def _holds(self, name: str) -> bool:
        try:
            return bool(self._properties[name].holds(SeenState(self.machine.k)))
        except Exception as error:
            problem = f"raised {type(error).__name__}: {error}"
            raise PolicyError(name, "holds", problem) from error


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


def in_names(machine: Machine, start: bytes, path: list[int]) -> tuple[ScheduleStep, ...]:
    """Return a path in names: ``path`` holds the place of each move among all of its state.

    The machine is led along without being saved and restored, so every task and every interrupt
    stays the object it was made as.
    """
    machine.restore(start)
    loop = machine.loop
    names = {id(task): name for task, name in zip(loop.tasks, machine.names, strict=True)}
    requested: list[Any] = list(loop.interrupts)
    steps: list[ScheduleStep] = []
    for place in path:
        canonicalise(machine.k)
        move = machine.moves()[place]
        if move.kind is Kind.INTERRUPT:
            number = requested.index(loop.interrupts[move.place])
            steps.append(ScheduleStep(str(move.kind), number=number))
        else:
            task = loop.tasks[move.place]
            name = names.get(id(task), task.name)  # one that was started since has its own
            steps.append(ScheduleStep(str(move.kind), name, move.choice))
        machine.step(move)
        requested += [timer for timer in loop.interrupts if timer not in requested]
    return tuple(steps)
