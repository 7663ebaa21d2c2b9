"""What a sweep will take, before it is begun: its count, and a few of its runs timed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from reclaimlab.runs.executors import simulate_packed
from reclaimlab.store.sweeps import SweepReader

if TYPE_CHECKING:
    from pathlib import Path

    from reclaimlab.sweep.plan import SweepPlan

_TIMED: Final = 3
_ENOUGH_S: Final = 10.0
_BYTES_A_RUN: Final = 3500
"""Measured; see the README's section on scaling."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """The size of a sweep."""

    points: int
    runs: int
    stored: int
    """Of those, in the store already."""
    run_s: float
    """Mean real time of the runs that were timed, in seconds."""
    jobs: int

    @property
    def left_s(self) -> float:
        """Real time that the missing runs will take, in seconds."""
        return (self.runs - self.stored) * self.run_s / self.jobs

    @property
    def bytes(self) -> int:
        """What the missing runs will need in the store."""
        return (self.runs - self.stored) * _BYTES_A_RUN

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON data."""
        return {
            "schema": 1,
            "points": self.points,
            "planned_runs": self.runs,
            "stored_runs": self.stored,
            "run_s": self.run_s,
            "estimated_s": self.left_s,
            "estimated_bytes": self.bytes,
        }

    def __str__(self) -> str:
        return (
            f"{self.points} points, {self.runs} runs, {self.stored} of them stored already\n"
            f"about {self.run_s * 1e3:.0f} ms a run: {self.left_s:.0f} s on {self.jobs} processes, "
            f"{self.bytes / 1e6:.1f} MB in the store\nnothing was stored"
        )


def estimate(plan: SweepPlan, shard: tuple[int, int], db: Path, jobs: int) -> Estimate:
    """Time the first, the middle and the last point, one run each; nothing is stored."""
    points = range(shard[0] - 1, plan.design.points, shard[1])
    chosen = sorted({0, len(points) // 2, len(points) - 1} & set(range(len(points))))[:_TIMED]
    took: list[float] = []
    for place in chosen:
        point = plan.point(points[place])
        before = time.perf_counter()
        simulate_packed(point.request(point.runs[0], plan.base.name))
        took.append(time.perf_counter() - before)
        if sum(took) > _ENOUGH_S:
            break
    runs = len(points) * plan.runs_a_point
    mean = sum(took) / len(took) if took else 0.0
    return Estimate(len(points), runs, min(_stored(plan, db), runs), mean, jobs)


def _stored(plan: SweepPlan, db: Path) -> int:
    if not db.exists() or not db.stat().st_size:
        return 0
    with SweepReader(db) as reader:
        known = {each.head.id: each.stored_runs for each in reader.sweeps()}
    return known.get(plan.head().id, 0)
