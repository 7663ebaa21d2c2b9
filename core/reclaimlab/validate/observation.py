"""What a run showed, measured or simulated: one record, so that both are summed up alike."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SAMPLES_PER_S: Final = 20
"""Stacks are sampled so often in the recordings, hence in runs."""
CLEAN_STEP_BYTES: Final = 256 * 1024
"""Less than this between two samples is not a completion; the recordings' own rule."""


@dataclass(frozen=True, slots=True)
class Kill:
    """An OOM kill: it came after ``after_s`` and not later than ``by_s``; equal if exact."""

    after_s: float
    by_s: float

    @property
    def span(self) -> str:
        """Its time (s) as far as it is known: ``2.69``, or ``3.00-3.10`` between two samples."""
        ends = (f"{self.after_s:.2f}", f"{self.by_s:.2f}")
        return "-".join(dict.fromkeys(ends))


@dataclass(frozen=True, slots=True)
class Observation:
    """Samples of one run at equal intervals, and what was counted over it.

    Attributes:
        times_s: since the writers' start; the other series have the same length.
        accepted, written: bytes taken from the writers, and written by the device, so far.
        dirty, writeback: bytes in these states, of the memcg or else of the machine.
        latency_s: of the worst writer's calls, by ``p50``, ``p99`` and ``max``.
        blocking: share of the writers' stack samples by class of what they were in.
        counts: what was counted over ``traced_s``: see :mod:`reclaimlab.validate.quantities`.
        killed: the OOM kill; None if there was none.
        sequential: it writes each page once, so that accepted less dirty is what became clean.
    """

    times_s: tuple[float, ...]
    accepted: tuple[float, ...]
    written: tuple[float, ...]
    dirty: tuple[float, ...]
    writeback: tuple[float, ...]
    latency_s: Mapping[str, float]
    blocking: Mapping[str, float]
    counts: Mapping[str, float]
    killed: Kill | None
    duration_s: float
    sequential: bool

    def last_two_thirds(self, values: Sequence[float]) -> Sequence[float]:
        """Return the samples after the start-up, by their number, as the recordings' tables do."""
        return values[len(values) // 3 :]

    def plateau(self, values: Sequence[float]) -> float:
        """Return the mean of the last two thirds."""
        tail = self.last_two_thirds(values)
        return sum(tail) / len(tail) if tail else 0.0

    def rate(self, values: Sequence[float]) -> float:
        """Return the growth per second over the last two thirds."""
        tail, times = self.last_two_thirds(values), self.last_two_thirds(self.times_s)
        span = times[-1] - times[0]
        return (tail[-1] - tail[0]) / span if span > 0 else 0.0

    def longest_without_growth(self, values: Sequence[float]) -> float:
        """Return the longest time in which a count did not grow, the end of the run included."""
        longest, since = 0.0, self.times_s[0]
        for (before, now), time in zip(pairwise(values), self.times_s[1:], strict=True):
            if now != before:
                longest, since = max(longest, time - since), time
        return max(longest, self.times_s[-1] - since)

    def clean_steps(self) -> list[float]:
        """Return what became clean between two samples, in bytes, wherever something did."""
        steps: list[float] = []
        best = 0.0
        for taken, dirty, writeback in zip(self.accepted, self.dirty, self.writeback, strict=True):
            clean = taken - dirty - writeback
            if clean - best > CLEAN_STEP_BYTES:
                steps.append(clean - best)
            best = max(best, clean)
        return steps
