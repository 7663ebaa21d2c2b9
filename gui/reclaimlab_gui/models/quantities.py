"""What the plots show: each quantity with its unit, made from the sampled series of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from reclaimlab.units import MIB, PAGE_SIZE, SEC

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from reclaimlab.measure.records import Series

    Floats = NDArray[np.float64]

PAGES_TO_MIB: Final = PAGE_SIZE / MIB


@dataclass(frozen=True, slots=True)
class Curve:
    """One quantity of one run over simulated time."""

    times_s: Floats
    values: Floats

    def at(self, time_s: float) -> float | None:
        """Return the value of the last sample not after ``time_s``; None before the first."""
        place = int(np.searchsorted(self.times_s, time_s, side="right")) - 1
        return float(self.values[place]) if 0 <= place < len(self.values) else None

    def shifted(self, by_s: float) -> Curve:
        """Return the same later by ``by_s``."""
        if not by_s:
            return self
        return Curve(self.times_s + by_s, self.values)

    def minus(self, other: Curve) -> Curve:
        """Return this minus ``other``, where both are known, at this one's times."""
        if not len(self.times_s) or not len(other.times_s):
            return Curve(self.times_s[:0], self.values[:0])
        first = int(np.searchsorted(self.times_s, other.times_s[0], side="left"))
        last = int(np.searchsorted(self.times_s, other.times_s[-1], side="right"))
        times, values = self.times_s[first:last], self.values[first:last]
        if np.array_equal(times, other.times_s):
            return Curve(times, values - other.values)
        return Curve(times, values - np.interp(times, other.times_s, other.values))


@dataclass(frozen=True, slots=True)
class Quantity:
    """A quantity that can be plotted."""

    name: str
    title: str
    unit: str
    source: str
    """Name of the series it is made from."""
    make: Callable[[Series], Curve]
    memcg: str = ""
    """Whose limit is drawn beside it."""


def level(series: Series) -> Curve:
    """Return a count of pages as MiB."""
    return Curve(_seconds(series), np.asarray(series.values, dtype=np.float64) * PAGES_TO_MIB)


def rate(factor: float) -> Callable[[Series], Curve]:
    """Return what makes a rate per second, times ``factor``, of a count that only grows."""

    def make(series: Series) -> Curve:
        times = _seconds(series)
        values = np.asarray(series.values, dtype=np.float64) * factor
        if len(times) < 2:
            return Curve(times[:0], values[:0])
        return Curve(times[1:], np.diff(values) / np.maximum(np.diff(times), 1e-9))

    return make


def _seconds(series: Series) -> Floats:
    return np.asarray(series.times_ns, dtype=np.float64) / SEC


_FIXED: Final = (
    Quantity("dirty", "Dirty memory", "MiB", "dirty", level),
    Quantity("writeback", "Memory under writeback", "MiB", "writeback", level),
    Quantity("free", "Free memory", "MiB", "free", level),
    Quantity("throughput", "Writers' throughput", "MB/s", "accepted", rate(1e-6)),
    Quantity("scan", "Reclaim scan rate", "MiB/s", "scanned", rate(PAGES_TO_MIB)),
    Quantity("reclaim", "Reclaimed", "MiB/s", "reclaimed", rate(PAGES_TO_MIB)),
    Quantity("stall", "Allocation stall", "s/s", "reclaim_time", rate(1e-9)),
)


def quantities(columns: Sequence[Sequence[Series]]) -> tuple[Quantity, ...]:
    """Return what can be plotted of these runs: memory of each memcg against its limit first."""
    names = list(dict.fromkeys(series.name for column in columns for series in column))
    found = [each for each in _FIXED if each.source in names]
    for name in names:
        subject, dot, kind = name.partition(".")
        if dot and kind == "usage":
            title = f"Memory of memcg {subject}"
            found.insert(0, Quantity(name, title, "MiB", name, level, memcg=subject))
        elif dot and kind == "written":
            found.append(Quantity(name, f"Device {subject} throughput", "MB/s", name, rate(1e-6)))
    return tuple(found)


def curve_of(quantity: Quantity, column: Sequence[Series]) -> Curve | None:
    """Return ``quantity`` of one run; None if it was not sampled."""
    for series in column:
        if series.name == quantity.source:
            return quantity.make(series)
    return None


def first_stall_s(column: Sequence[Series]) -> float:
    """Return when a task first waited in reclaim (s): the alignment "first stall"; 0 if never."""
    for series in column:
        if series.name == "reclaim_time":
            waited = np.flatnonzero(np.asarray(series.values))
            return float(series.times_ns[int(waited[0])]) / SEC if len(waited) else 0.0
    return 0.0


def limits_mib(machine: Mapping[str, tuple[int, int]], memcg: str) -> dict[str, float]:
    """Return the limits to draw for ``memcg`` (name -> MiB) from (limit, soft limit) in bytes."""
    hard, soft = machine.get(memcg, (0, 0))
    found = {"limit": hard / MIB, "soft limit": soft / MIB}
    return {name: value for name, value in found.items() if value}
