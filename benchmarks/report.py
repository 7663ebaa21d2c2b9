"""``python -m benchmarks.report``: every figure against its target, as a Markdown table.

``--full`` writes all of the 100 GB instead of scaling up from 10 GiB.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Literal

from benchmarks import decisions, event_loop, whole_engine
from benchmarks.large_report import report_cost
from benchmarks.measure import cpu_ns, medians
from benchmarks.start import help_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

FULL = "94GiB"
"""A little more than 100 GB."""
PART = "10GiB"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure and the target it is held against."""

    name: str
    value: float
    unit: str
    bound: Literal[">=", "<="]
    target: float

    @property
    def met(self) -> bool:
        """Whether it is within its target."""
        return self.value >= self.target if self.bound == ">=" else self.value <= self.target

    def row(self) -> str:
        """Return it as a row of a Markdown table."""
        sign = "≥" if self.bound == ">=" else "≤"
        return (
            f"| {self.name} | {self.value:.3g} {self.unit} | {sign} {self.target:g} {self.unit} "
            f"| {'met' if self.met else 'not met'} |"
        )


def loop_figures() -> Iterator[Figure]:
    """Measure the event loop against SimPy."""
    ours, theirs = medians([event_loop.our_timers, event_loop.simpy_timers])
    yield Figure("timers, 100 tasks, against SimPy 4", theirs / ours, "x", ">=", 1.8)
    ours, theirs = medians([event_loop.our_wakeups, event_loop.simpy_wakeups])
    yield Figure("zero-delay wake-ups, 10 pairs, against SimPy 4", theirs / ours, "x", ">=", 4)


def decision_figures() -> Iterator[Figure]:
    """Measure remembered decisions."""
    table, scan, nothing = medians(
        [decisions.table_decisions(), decisions.scan_decisions(), decisions.nothing]
    )
    each = 1 / decisions.DECISIONS
    yield Figure("remembered decision, table", (table - nothing) * each, "ns", "<=", 100)
    yield Figure("remembered decision, in a scan", (scan - nothing) * each, "ns", "<=", 100)


def engine_figures(*, full: bool) -> Iterator[Figure]:
    """Measure whole runs."""
    total = FULL if full else PART
    cost = whole_engine.fill_cost(total)
    pages = int(total.removesuffix("GiB")) * whole_engine.PAGES_PER_GIB
    each = cost.cpu_seconds / pages
    scaled = "" if full else f", scaled up from {PART}"
    yield Figure("whole engine, 512 KiB requests", each * 1e9, "ns/page", "<=", 80)
    seconds = each * 100e9 / 4096
    yield Figure(f"100 GB through a memcg of 1 GiB{scaled}", seconds, "s", "<=", 3)
    yield Figure("memory of that run, everything included", cost.peak_mb, "MB", "<=", 100)
    minute = median(cpu_ns(whole_engine.one_minute) for _ in range(3)) / 1e9
    yield Figure("60 s of 100 MB/s in 100 MiB, against real time", 60 / minute, "x", ">=", 200)
    hang = median(cpu_ns(whole_engine.hang) for _ in range(3)) / 1e9
    yield Figure("`xfs-softlimit-hang`, one run", hang, "s", "<=", 2)


def start_figures() -> Iterator[Figure]:
    """Measure how soon the command line answers."""
    help_seconds()
    seconds = median(help_seconds() for _ in range(5))
    yield Figure("`reclaimlab --help`", seconds, "s", "<=", 0.3)


def document_figures() -> Iterator[Figure]:
    """Measure a large report."""
    cost = report_cost()
    yield Figure("HTML report, 14 contenders x 20 seeds", cost.seconds, "s", "<=", 3)
    yield Figure("size of that report", cost.megabytes, "MB", "<=", 3)


def figures(*, full: bool = False) -> Iterator[Figure]:
    """Measure everything, one after the other."""
    yield from loop_figures()
    yield from decision_figures()
    yield from engine_figures(full=full)
    yield from start_figures()
    yield from document_figures()


def main() -> None:
    """Print the table row by row, as the figures come."""
    lines = ["| what | measured | target | |", "| --- | ---: | ---: | --- |"]
    sys.stdout.write("\n".join(lines) + "\n")
    for figure in figures(full="--full" in sys.argv[1:]):
        sys.stdout.write(figure.row() + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
