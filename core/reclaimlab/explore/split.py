"""A search shared by processes: each goes depth first, and who meets a state first goes on there.

All are forked from one that has the machine, so keys mean the same in each. One that has nothing
left is given a place on the way of another, the one nearest to the start: it is led there, and
looks at what is left of it. So no state is looked at twice, and the graph of all together is the
one that a single process builds.
"""

from __future__ import annotations

import os
import signal
from array import array
from collections import defaultdict
from dataclasses import dataclass, field
from multiprocessing import connection, get_all_start_methods, get_context
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from reclaimlab.explore import graph, naps
from reclaimlab.explore.board import Board, Over
from reclaimlab.explore.failure import Told, raised, told
from reclaimlab.explore.graph import Graph
from reclaimlab.explore.repeating import Repeating
from reclaimlab.explore.request import LostProcessError, UnexplorableError
from reclaimlab.explore.search import Place
from reclaimlab.hosting.probe import ending

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reclaimlab.explore.search import Stop

LOOK_AGAIN_S: Final = 0.1
"""How often one that waits for work looks whether all is over."""
LAST_WORDS_S: Final = 60.0
"""How long a process may take to hand in its part."""


class Work(NamedTuple):
    """A place to go on from: the way there and the moves left, as places among all moves."""

    way: tuple[int, ...]
    wanted: tuple[int, ...]
    failures: tuple[int, ...]
    others_go_on: bool
    last_resort: bool


@dataclass(slots=True)
class Part:
    """What one process has seen of the graph; states have the numbers of the board.

    Attributes:
        edges: source, target, move, events of each edge, flat. given: states that were passed on.
    """

    truths: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    edges: array[int] = field(default_factory=lambda: array("I"))
    transitions: int = 0
    given: list[int] = field(default_factory=list)
    offences: dict[str, set[int]] = field(default_factory=dict)
    depth: int = 0
    why_cut: str = ""
    broken: str = ""

    def connect(self, source: int, target: int, move: int, events: int) -> None:
        """Enter an edge; ``move`` says which of the source's moves it is."""
        self.edges.extend((source, target, move, events))
        self.transitions += 1


class Split(Repeating):
    """One of the processes of a search, or the one that has started them."""

    def run(self, stop: Stop = lambda _states, _transitions: False) -> None:
        """Search with as many processes as were asked for.

        Raises:
            UnexplorableError: this system cannot fork.
            LostProcessError: a process was killed.
        """
        if "fork" not in get_all_start_methods():
            raise UnexplorableError("--jobs needs a system that can fork processes: leave it out")
        context: Any = get_context("fork")
        jobs = self.request.jobs
        self._board = Board(context, jobs, self.request.max_states)
        self._part = Part()
        self.graph: Any = self._part
        self._who = 0
        self._parent = os.getpid()
        self._inboxes = [context.Pipe(duplex=False) for _ in range(jobs)]
        self._helpers: list[_Helper] = []
        for who in range(1, jobs):
            here, there = context.Pipe(duplex=False)
            process = context.Process(target=self._help, args=(who, there), daemon=True)
            process.start()
            there.close()
            self._helpers.append(_Helper(process, here))
        try:
            super().run(stop)
            self._end()
            parts = [self._hand_in(), *(helper.part() for helper in self._helpers)]
        finally:
            self._board.end(Over.CUT)
            for helper in self._helpers:
                helper.end()
        self._put_together(parts)

    def _help(self, who: int, there: Any) -> None:
        """Search in a forked process, and send (part, None) or (None, what went wrong)."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that forked it says when to stop
        self._who = who
        self._helpers = []
        answer: tuple[Part | None, Told | None]
        try:
            super().run()
            self._end()
            answer = (self._hand_in(), None)
        except Exception as error:
            self._board.end(Over.CUT)
            answer = (None, told(error))
        there.send(answer)
        there.close()

    def _begin(self) -> None:
        if self._who == 0:
            super()._begin()

    def _has_more(self) -> bool:
        if self.void:
            self._board.end(Over.VOID)
        if self._board.over:
            return False
        return bool(self._path) or self._wait_for_work()

    def _wait_for_work(self) -> bool:
        """Return True with a place to go on from, False if all is over."""
        inbox = self._inboxes[self._who][0]
        self._board.starve(self._who)
        while not self._board.over:
            if connection.wait([inbox], LOOK_AGAIN_S):
                self._take(inbox.recv())
                return True
            self.why_cut = self._bound()
            if self.why_cut:
                self._board.end(Over.CUT)
        return False

    def _take(self, work: Work) -> None:
        """Lead the machine, which is at its start, to a place, and have it looked at."""
        machine = self.machine
        view = machine.look()
        self._path.append(Place(view, self._numbered(view.key), 0, -1, []))
        for depth, came in enumerate(work.way, 1):
            naps.make(machine, machine.moves()[came], view)
            view = machine.look(view)
            self._path.append(Place(view, self._numbered(view.key), depth, came, []))
        here, moves = self._path[-1], machine.moves()
        here.wanted = [(place, moves[place]) for place in work.wanted]
        here.failures = [(place, moves[place]) for place in work.failures]
        here.others_go_on, here.last_resort = work.others_go_on, work.last_resort

    def _numbered(self, key: bytes) -> int:
        number = self._board.number(key)
        if number is None:
            raise UnexplorableError("the same prefix gives another state in another process")
        return number

    def _advance(self, here: Place) -> bool:
        if self._board.is_anybody_hungry():
            self._give()
        return super()._advance(here)

    def _give(self) -> None:
        """Pass on what is left of the place nearest to the start, if more than that is left."""
        left = [place for place in self._path if place.wanted]
        if len(left) < 2:
            return
        who = self._board.feed()
        if who < 0:
            return
        given = left[0]
        way = tuple(place.came for place in self._path[1 : given.depth + 1])
        work = Work(
            way,
            tuple(place for place, _ in given.wanted),
            tuple(place for place, _ in given.failures),
            given.others_go_on,
            given.last_resort,
        )
        given.wanted, given.failures = [], []
        self._part.given.append(given.state)
        self._inboxes[who][1].send(work)

    def _number(self, key: bytes) -> int | None:
        return self._board.number(key)

    def _enter(self, key: bytes, truths: int) -> tuple[int, bool]:
        number, mine = self._board.enter(key)
        if mine:
            self._part.truths[number] |= truths
            self._note_offences(number)
        return number, mine

    def _count(self) -> int:
        return self._board.states

    def _bound(self) -> str:
        self._look_around()
        return super()._bound()

    def _look_around(self) -> None:
        """See that nobody was killed, and that those who wait are heard.

        Raises:
            LostProcessError: a process has gone without a word.
        """
        if self._who and os.getppid() != self._parent:
            raise LostProcessError("the process that started this one is gone")
        for helper in self._helpers:
            helper.check()

    def _end(self) -> None:
        """Have the others end too, if this one had to."""
        if self.why_cut and not self._board.over and self._path:
            self._board.end(Over.CUT)

    def _hand_in(self) -> Part:
        part = self._part
        part.offences, part.depth = self.offences, self.depth
        part.why_cut, part.broken = self.why_cut, self.broken
        return part

    def _put_together(self, parts: list[Part]) -> None:
        """Make one graph of all parts; the start is 0."""
        self.void = self._board.over is Over.VOID
        self.why_cut = next((part.why_cut for part in parts if part.why_cut), "")
        self.broken = next((part.broken for part in parts if part.broken), "")
        self.depth = max(part.depth for part in parts)
        truths: defaultdict[int, int] = defaultdict(int)
        for part in parts:
            for state, have in part.truths.items():
                truths[state] |= have
            if self.why_cut:  # what was passed on may not have been looked at
                for state in part.given:
                    truths[state] |= graph.UNKNOWN
        start = self._board.number(self.machine.look().key)
        numbers = {old: new for new, old in enumerate(sorted(truths, key=lambda n: n != start))}
        self.graph = whole = Graph()
        for old in numbers:
            whole.add(truths[old])
        for source, target, move, events in sorted(_edges(parts), key=_as_alone):
            whole.connect(numbers[source], numbers[target], move, events)
        self.offences = {}
        for part in parts:
            for name, states in part.offences.items():
                self.offences.setdefault(name, set()).update(numbers[each] for each in states)


def _edges(parts: list[Part]) -> Iterator[tuple[int, int, int, int]]:
    for part in parts:
        flat = part.edges
        yield from zip(flat[::4], flat[1::4], flat[2::4], flat[3::4], strict=True)


def _as_alone(edge: tuple[int, int, int, int]) -> tuple[bool, int]:
    """Order the edges of a state as one process enters them: those that end in an OOM last."""
    return bool(edge[3] & graph.OUT_OF_MEMORY), edge[2]


class _Helper:
    """A forked process that helps."""

    def __init__(self, process: Any, inbox: Any) -> None:
        self._process = process
        self._inbox = inbox

    def check(self) -> None:
        """Raise LostProcessError if it has ended without a word."""
        if not self._process.is_alive() and self._process.exitcode:
            raise self._lost()

    def part(self) -> Part:
        """Return what it has seen; raise what went wrong there."""
        try:
            if not self._inbox.poll(LAST_WORDS_S):
                msg = f"a process that explores gave no answer for {LAST_WORDS_S:g} s"
                raise LostProcessError(msg)
            part, error = self._inbox.recv()
        except EOFError:
            raise self._lost() from None
        if error is not None:
            raise raised(error)
        found: Part = part
        return found

    def _lost(self) -> LostProcessError:
        self._process.join()
        how = ending(self._process.exitcode or 0)
        return LostProcessError(
            f"one of the processes that explore was ended ({how}); nothing is proved"
        )

    def end(self) -> None:
        """Have it be gone."""
        self._process.join(1)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._inbox.close()
