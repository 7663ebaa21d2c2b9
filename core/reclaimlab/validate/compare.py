"""Measured against simulated: the errors of one recording, and of all of them together."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from reclaimlab.validate.blocking import dominant
from reclaimlab.validate.hierarchy import signs
from reclaimlab.validate.quantities import QUANTITIES, SHARES, Quantity

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reclaimlab.validate.observation import Kill, Observation


@dataclass(frozen=True, slots=True)
class Compared:
    """One number, measured and simulated; ``error`` as its quantity says, None if it says nothing.

    A relative error is signed. A factor is at least 1, and infinite where one of the two is 0.
    """

    name: str
    unit: str
    measured: float
    simulated: float | None
    error: float | None


@dataclass(frozen=True, slots=True)
class Result:
    """One recording and its run."""

    run: str
    kernel: str
    filesystem: str
    cgroup: str
    numbers: tuple[Compared, ...]
    measured: Observation
    simulated: Observation

    @property
    def kill_is_right(self) -> bool:
        """Whether the OOM verdict is as measured."""
        return (self.measured.killed is None) == (self.simulated.killed is None)

    @property
    def blocking(self) -> tuple[str, str]:
        """What the writers were blocked in most, measured and simulated; empty if never."""
        return dominant(self.measured.blocking), dominant(self.simulated.blocking)

    @property
    def blocking_is_right(self) -> bool | None:
        """Whether that is the same function; None where the recording has none."""
        measured, simulated = self.blocking
        return measured == simulated if measured else None

    def number(self, name: str) -> Compared | None:
        """Return one number by its name; None if this recording does not have it."""
        return next((each for each in self.numbers if each.name == name), None)

    def error(self, name: str) -> float | None:
        """Return the error of one number; None if it has none."""
        found = self.number(name)
        return None if found is None else found.error


def compare(
    run: str,
    kernel: str,
    filesystem: str,
    cgroup: str,
    measured: Observation,
    simulated: Observation,
) -> Result:
    """Return every number of both observations, and how far they are apart."""
    killed = measured.killed is not None or simulated.killed is not None
    numbers = [
        each
        for quantity in QUANTITIES.values()
        if quantity.after_kill or not killed
        if (each := _number(quantity, measured, simulated)) is not None
    ]
    numbers += [
        Compared(f"share_of_{name}", "1", a, b, b - a)
        for name in SHARES
        if (a := measured.blocking.get(name, 0.0)) + (b := simulated.blocking.get(name, 0.0))
        and not killed
    ]
    return Result(run, kernel, filesystem, cgroup, tuple(numbers), measured, simulated)


def _number(quantity: Quantity, measured: Observation, simulated: Observation) -> Compared | None:
    real, ours = quantity.value(measured), quantity.value(simulated)
    if real is None:
        return None
    error: float | None = None
    if quantity.name == "oom_time":
        if measured.killed is None or ours is None:
            return None
        error = kill_error(measured.killed, ours)
    elif ours is not None and max(real, ours) >= quantity.floor:
        error = factor(real, ours) if quantity.error == "factor" else relative(real, ours)
    return Compared(quantity.name, quantity.unit, real, ours, error)


def kill_error(measured: Kill, simulated_s: float) -> float:
    """Return by how much a kill comes too late; 0 within what the samples tell of its time."""
    if measured.after_s <= simulated_s <= measured.by_s:
        return 0.0
    nearest = measured.after_s if simulated_s < measured.after_s else measured.by_s
    return simulated_s / nearest - 1 if nearest else math.inf


def relative(real: float, ours: float) -> float:
    """Return the signed error as a share of what was measured."""
    return ours / real - 1 if real else math.inf


def factor(real: float, ours: float) -> float:
    """Return how many times the larger is of the smaller."""
    low, high = sorted((real, ours))
    return high / low if low > 0 else math.inf


@dataclass(frozen=True, slots=True)
class Spread:
    """The errors of one number over recordings: sizes, without their signs."""

    median: float
    p90: float
    n: int
    values: tuple[float, ...]

    def share_within(self, most: float) -> float:
        """Return the share of errors that are at most ``most``."""
        return sum(value <= most for value in self.values) / self.n


@dataclass(frozen=True, slots=True)
class Counted:
    """How many of ``n`` are right."""

    right: int
    n: int

    @property
    def share(self) -> float:
        """Return the share that is right; 1 of none."""
        return self.right / self.n if self.n else 1.0


@dataclass(frozen=True, slots=True)
class Summary:
    """All recordings together."""

    spreads: dict[str, Spread]
    oom_verdict: Counted
    blocking_function: Counted
    hierarchy_signs: Counted


def summarise(results: Iterable[Result]) -> Summary:
    """Return the errors of every number over ``results``."""
    results = list(results)
    spreads = {}
    names = dict.fromkeys(each.name for result in results for each in result.numbers)
    for name in names:
        errors = [abs(e) for result in results if (e := result.error(name)) is not None]
        if errors:
            spreads[name] = spread(errors)
    differences = [sign.is_right for sign in signs(results)]
    judged = [right for result in results if (right := result.blocking_is_right) is not None]
    return Summary(
        spreads,
        Counted(sum(result.kill_is_right for result in results), len(results)),
        Counted(sum(judged), len(judged)),
        Counted(sum(differences), len(differences)),
    )


def spread(errors: Sequence[float]) -> Spread:
    """Return median and 90th percentile (nearest rank) of ``errors``."""
    ordered = tuple(sorted(errors))
    return Spread(
        median(ordered),
        ordered[min(len(ordered) - 1, int(0.9 * len(ordered)))],
        len(ordered),
        ordered,
    )
