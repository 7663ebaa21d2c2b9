"""What is compared: one number each, from an observation, measured or simulated alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from reclaimlab.validate.observation import Observation

MIB: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Quantity:
    """One number of a run.

    Attributes:
        error: ``relative`` to what was measured, or as a ``factor`` (2: twice or half).
        after_kill: whether it means anything in a run that ended in an OOM kill.
        floor: the measured value, in ``unit``, under which an error says nothing.
    """

    name: str
    unit: str
    error: Literal["relative", "factor"]
    doc: str
    value: Callable[[Observation], float | None]
    floor: float
    after_kill: bool = False


def _latency(name: str) -> Callable[[Observation], float | None]:
    return lambda seen: seen.latency_s.get(name)


def _clean_step(seen: Observation) -> float | None:
    steps = seen.clean_steps() if seen.sequential else []
    return max(steps) / MIB if steps else None


def _scans(seen: Observation) -> float | None:
    freed = seen.counts.get("reclaimed", 0.0)
    return seen.counts["scanned"] / freed if freed else None


def _throttles(seen: Observation) -> float | None:
    if not seen.counts.get("traced_s"):
        return None
    return seen.counts.get("throttle_sleeps", 0.0) / seen.counts["traced_s"]


def _sleep(seen: Observation) -> float | None:
    count = seen.counts.get("throttle_sleeps")
    return seen.counts["throttle_s"] / count if count else None


def _level(seen: Observation) -> float:
    both = [d + w for d, w in zip(seen.dirty, seen.writeback, strict=True)]
    return seen.plateau(both) / MIB


def _share(name: str) -> Callable[[Observation], float | None]:
    return lambda seen: seen.blocking.get(name, 0.0)


QUANTITIES: Final = {
    each.name: each
    for each in (
        Quantity(
            "device_throughput", "B/s", "relative",
            "bytes the device wrote per second, last two thirds",
            lambda seen: seen.rate(seen.written), 1e5,
        ),
        Quantity(
            "writer_throughput", "B/s", "relative",
            "bytes accepted from the writers per second, whole run",
            lambda seen: seen.accepted[-1] / seen.times_s[-1], 1e5,
        ),
        Quantity(
            "dirty_and_writeback_plateau", "MiB", "relative",
            "mean of dirty and writeback together, last two thirds", _level, 1.0,
        ),
        Quantity(
            "dirty_plateau", "MiB", "relative", "mean dirty, last two thirds",
            lambda seen: seen.plateau(seen.dirty) / MIB, 4.0,
        ),
        Quantity(
            "writeback_plateau", "MiB", "relative", "mean under writeback, last two thirds",
            lambda seen: seen.plateau(seen.writeback) / MIB, 4.0,
        ),
        Quantity(
            "write_latency_p50", "s", "factor", "median time of one write()", _latency("p50"), 1e-3
        ),
        Quantity(
            "write_latency_p99", "s", "factor", "99th percentile of the time of one write()",
            _latency("p99"), 1e-3,
        ),
        Quantity(
            "longest_stall", "s", "relative", "longest write()", _latency("max"), 0.02
        ),
        Quantity(
            "longest_without_progress", "s", "relative", "longest time with no byte accepted",
            lambda seen: seen.longest_without_growth(seen.accepted), 0.25,
        ),
        Quantity(
            "largest_completion", "MiB", "relative",
            "most that became clean between two samples (sequential writers)", _clean_step, 1.0,
        ),
        Quantity(
            "scans_per_reclaim", "1", "factor", "pages scanned per page reclaimed", _scans, 0.5
        ),
        Quantity(
            "throttle_sleeps", "1/s", "factor", "sleeps in reclaim_throttle() per second",
            _throttles, 0.2,
        ),
        Quantity(
            "throttle_sleep", "s", "factor", "mean length of those sleeps", _sleep, 1e-3
        ),
        Quantity(
            "reader_latency_p99", "s", "factor", "99th percentile of the time of one read()",
            _latency("reader_p99"), 1e-3,
        ),
        Quantity(
            "oom_time", "s", "relative", "time of the OOM kill",
            lambda seen: seen.killed.by_s if seen.killed else None, 0.0, after_kill=True,
        ),
    )
}  # fmt: skip
"""By name, in the order of the table."""

SHARES: Final = ("reclaim_throttle", "folio_wait_writeback", "balance_dirty_pages")
"""Classes whose share of the writers' time is shown; the error is the difference of the shares."""
