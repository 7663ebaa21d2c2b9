"""Where a verdict flips: the threshold of one value, as a curve over others.

Each seed of each place of the curve is searched by itself: some probes over the whole range, then
bisection between each two neighbours that differ, then some values right above the highest flip,
where survival is often ragged. Monotonicity is not assumed: every flip between probes is followed,
and a place with more than one is called so. What lies between two probes that agree is not seen;
more probes see more.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reclaimlab.measure.records import Verdict
from reclaimlab.sweep.evaluate import Cell
from reclaimlab.sweep.plan import MOST_RUNS
from reclaimlab.sweep.values import SweepError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reclaimlab.sweep.axis import Axis
    from reclaimlab.sweep.evaluate import Evaluator
    from reclaimlab.sweep.plan import Source


@dataclass(frozen=True, slots=True)
class Question:
    """What is searched for, and over what."""

    source: Source
    contender: str
    find: Axis
    over: tuple[Axis, ...]
    seeds: tuple[int, ...]
    tolerance: float
    """Greatest distance of the two sides of a flip, in the unit of ``find``."""
    accept: Verdict = Verdict.OK
    """This verdict and better ones survive."""
    probes: int = 5
    guards: int = 3
    """Values tried above the highest flip, a tolerance apart; one that fails moves the flip up."""

    def check(self) -> None:
        """Refuse what cannot be searched.

        Raises:
            SweepError: no range, a grid axis without count, a tolerance as wide as the range, or
                too many places.
        """
        if self.find.values:
            msg = f"--find {self.find.text!r} is a list; write {self.find.name}=LOW..HIGH"
            raise SweepError(msg)
        for axis in self.over:
            if not axis.count:
                msg = f"--over {axis.text!r} has no count; write {axis.text}:5"
                raise SweepError(msg)
        if not 0 < self.tolerance < self.find.high - self.find.low:
            msg = (
                f"the tolerance is {self.find.kind.write(self.tolerance)}, which must be over 0 "
                f"and below the width of {self.find.text!r}"
            )
            raise SweepError(msg)
        places = math.prod(axis.count for axis in self.over)
        first = places * len(self.seeds) * self.probes
        if first > MOST_RUNS:
            msg = (
                f"the first probes alone are {first} runs ({places} places x {len(self.seeds)} "
                f"seeds x {self.probes} probes), over the limit of {MOST_RUNS}; give less to --over"
            )
            raise SweepError(msg)

    def places(self) -> list[tuple[tuple[str, str], ...]]:
        """Return the settings of each place of the curve."""
        columns = [
            [(axis.name, axis.value(place)) for place in range(axis.count)] for axis in self.over
        ]
        return list(itertools.product(*columns))

    def grid_runs(self) -> int:
        """Return the runs of the grid that would find as much: one value every ``tolerance``."""
        values = int((self.find.high - self.find.low) / self.tolerance) + 1
        return values * len(self.places()) * len(self.seeds)


@dataclass(frozen=True, slots=True)
class Flip:
    """Two values, not further apart than the tolerance, on either side of a change."""

    below: float
    above: float
    survives_above: bool


@dataclass(frozen=True, slots=True)
class Threshold:
    """What was found at one place of the curve, over its seeds."""

    place: tuple[tuple[str, str], ...]
    low: float | None
    """Here and below no seed is sure to survive; None if the range's low end survives."""
    high: float | None
    """From here on every seed survives; None if the range's high end does not."""
    flips: int
    """Most flips of a seed: over 1, the survival is not monotone."""
    of_seeds: tuple[tuple[int, tuple[Flip, ...]], ...]

    @property
    def middle(self) -> float | None:
        """The threshold; None if the range does not hold it."""
        return None if self.low is None or self.high is None else (self.low + self.high) / 2


@dataclass(slots=True)
class _Search:
    """The search of one seed at one place: what it knows, and what it asks next."""

    place: tuple[tuple[str, str], ...]
    seed: int
    known: dict[float, bool] = field(default_factory=dict)

    def wanted(self, question: Question) -> list[float]:
        """Return the values to probe next; empty when each flip is narrow enough."""
        find, last = question.find, question.probes - 1
        if not self.known:
            return [find.number_at(place / last) for place in range(question.probes)]
        halves = [
            (below + above) / 2
            for below, above in self._changes()
            if above - below > question.tolerance
        ]
        return halves or self._guards(question)

    def _guards(self, question: Question) -> list[float]:
        top = max((above for _, above in self._changes() if self.known[above]), default=None)
        if top is None or not self.known[max(self.known)]:
            return []
        wanted = [top + step * question.tolerance for step in range(1, question.guards + 1)]
        return [each for each in wanted if each < question.find.high and each not in self.known]

    def flips(self) -> tuple[Flip, ...]:
        """Return where the survival changes, from low to high."""
        return tuple(Flip(below, above, self.known[above]) for below, above in self._changes())

    def _changes(self) -> Iterator[tuple[float, float]]:
        for below, above in itertools.pairwise(sorted(self.known)):
            if self.known[below] != self.known[above]:
                yield below, above


def find_boundary(question: Question, evaluator: Evaluator) -> list[Threshold]:
    """Return the threshold at each place of the curve.

    Raises:
        SweepError: what is asked cannot be searched.
        StoppedError, RunsFailedError: as :meth:`Evaluator.verdicts`.
    """
    question.check()
    places = question.places()
    searches = [_Search(place, seed) for place in places for seed in question.seeds]
    # All searches go on together, so that each batch keeps every process busy.
    while asked := [(search, value) for search in searches for value in search.wanted(question)]:
        cells = [_cell(question, search, value) for search, value in asked]
        verdicts = evaluator.verdicts(cells)
        for (search, value), cell in zip(asked, cells, strict=True):
            search.known[value] = verdicts[cell].severity >= question.accept.severity
    return [_threshold(place, [s for s in searches if s.place == place]) for place in places]


def _cell(question: Question, search: _Search, value: float) -> Cell:
    found = (question.find.name, question.find.kind.write(value))
    return Cell(question.source, (*search.place, found), question.contender, search.seed)


def _threshold(place: tuple[tuple[str, str], ...], searches: Sequence[_Search]) -> Threshold:
    """Return the threshold above which every seed survives, as far as the probes tell."""
    lows: list[float] = []
    highs: list[float | None] = []
    for search in searches:
        failing = [value for value, survives in search.known.items() if not survives]
        if not failing:
            continue
        worst = max(failing)
        lows.append(worst)
        highs.append(min((value for value in search.known if value > worst), default=None))
    sure = [high for high in highs if high is not None]
    return Threshold(
        place=place,
        # A seed that never fails makes the low side unsure down to the end of the range.
        low=min(lows if len(lows) == len(searches) else searches[0].known) if lows else None,
        high=max(sure) if len(sure) == len(highs) and sure else _end(searches, lows),
        flips=max(len(search.flips()) for search in searches),
        of_seeds=tuple((search.seed, search.flips()) for search in searches),
    )


def _end(searches: Sequence[_Search], lows: Sequence[float]) -> float | None:
    """Return the low end of the range if it survives with every seed, else None."""
    return None if lows else min(searches[0].known)
