"""Plans over a scenario of two simulated seconds, and what a store holds of them."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from reclaimlab.sweep.axis import parse_axis
from reclaimlab.sweep.design import make_design
from reclaimlab.sweep.plan import Source, SweepPlan

TINY = Path(__file__).parents[1] / "tiny.toml"


def make_plan(
    *vary: str,
    contenders: tuple[str, ...] = ("linux-3.10",),
    seeds: int = 1,
    settings: tuple[str, ...] = ("duration=200ms",),
) -> SweepPlan:
    source = Source.read(str(TINY), settings)
    axes = [parse_axis(each, source.text, source.name, contenders) for each in vary]
    design = make_design("grid", axes, 0, 1)
    return SweepPlan("sweep", source, contenders, tuple(range(1, seeds + 1)), design)


def stored(db: Path) -> list[tuple[Any, ...]]:
    """Return all that a store holds of sweeps, but for when it was written and how often tried."""
    with closing(sqlite3.connect(db)) as connection:
        tables = (
            "SELECT id, kind, scenario, spec, planned_runs FROM sweeps ORDER BY id",
            "SELECT * FROM sweep_points ORDER BY sweep_id, point",
            "SELECT sweep_id, number, point, contender, seed, key FROM sweep_runs ORDER BY 1, 2",
            "SELECT * FROM results ORDER BY key",
        )
        return [row for sql in tables for row in connection.execute(sql).fetchall()]


@pytest.fixture(name="make_plan")
def _make_plan() -> Callable[..., SweepPlan]:
    return make_plan


@pytest.fixture(name="stored")
def _stored() -> Callable[[Path], list[tuple[Any, ...]]]:
    return stored
