"""A sweep as a table: a row for each point and contender, or one for each run."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Any

from reclaimlab.measure.records import METRICS, Verdict
from reclaimlab.runs.verdict import count_verdicts, worst
from reclaimlab.store.sweeps import SweepReader

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from reclaimlab.store.sweeps import SweepHead, SweepRun


@dataclass(frozen=True, slots=True)
class PointSummary:
    """One contender at one point, over its seeds."""

    point: int
    settings: Mapping[str, str]
    contender: str
    verdict: Verdict | None
    """The worst; None if no run has a result."""
    verdicts: Mapping[Verdict, int]
    metrics: Mapping[str, float]
    """The mean over the seeds that have it."""
    failed: int


def summarise_points(runs: Iterable[SweepRun]) -> list[PointSummary]:
    """Return the rows of a sweep's table, in the order of its points."""
    groups: dict[tuple[int, str], _Group] = {}
    for run in runs:
        groups.setdefault((run.point, run.contender), _Group(run)).add(run)
    return [group.summary() for group in groups.values()]


class _Group:
    """The seeds of one row so far: sums, so that a large sweep needs no memory for its runs."""

    def __init__(self, first: SweepRun) -> None:
        self._first = first
        self._verdicts: Counter[Verdict] = Counter()
        self._sums: defaultdict[str, list[float]] = defaultdict(list)
        self._failed = 0

    def add(self, run: SweepRun) -> None:
        if run.verdict is None:
            self._failed += 1
            return
        self._verdicts[Verdict(run.verdict)] += 1
        for name, value in run.metrics.items():
            self._sums[name].append(value)

    def summary(self) -> PointSummary:
        counts = count_verdicts(self._verdicts.elements())
        return PointSummary(
            self._first.point,
            self._first.settings,
            self._first.contender,
            worst(counts),
            counts,
            {name: fmean(values) for name, values in self._sums.items()},
            self._failed,
        )


def sweep_object(head: SweepHead, points: Sequence[PointSummary]) -> dict[str, Any]:
    """Return a sweep as plain JSON data."""
    return {
        "schema": 1,
        "sweep": head.id,
        "scenario": head.scenario,
        "contenders": head.spec["contenders"],
        "seeds": head.spec["seeds"],
        "axes": head.spec["axes"],
        "design": head.spec["design"],
        "planned_runs": head.planned_runs,
        "points": [
            {
                "point": each.point,
                "settings": dict(each.settings),
                "contender": each.contender,
                "verdict": each.verdict and str(each.verdict),
                "verdicts": {str(name): count for name, count in each.verdicts.items()},
                "metrics": {
                    name: {"unit": METRICS[name].unit if name in METRICS else "", "mean": value}
                    for name, value in each.metrics.items()
                },
                "failed": each.failed,
            }
            for each in points
        ],
    }


def flat_rows(runs: Iterable[SweepRun]) -> list[dict[str, object]]:
    """Return one flat row a run: settings, contender, seed, verdict, then a column a metric."""
    return [
        {
            "point": run.point,
            **run.settings,
            "contender": run.contender,
            "seed": run.seed,
            "verdict": run.verdict or "",
            "ended_s": None if run.ended_ns is None else run.ended_ns / 1e9,
            **{name: run.metrics.get(name) for name in METRICS},
            "error": run.error,
        }
        for run in runs
    ]


def sweep_rows(name: str = "latest", db: Path | None = None) -> list[dict[str, object]]:
    """Return the runs of a stored sweep: ``pandas.DataFrame(sweep_rows("latest"))``.

    Args:
        name: the sweep's id, its beginning, or ``latest``.
        db: file of the store; the default one if None.

    Raises:
        StoreError: no such store or sweep.
    """
    from reclaimlab.store.connection import default_path

    with SweepReader(db or default_path()) as reader:
        return flat_rows(reader.runs(reader.sweep(name).head.id))
