"""Batches hold as many runs as their time allows, and a run that hangs ends its process."""

import dataclasses
import signal
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reclaimlab.runs.executors import batch
from reclaimlab.runs.executors.base import without_series
from reclaimlab.runs.executors.batch import (
    BATCH_S,
    MOST_RUNS,
    Pace,
    pack,
    simulate_batch,
    unpack_records,
)
from reclaimlab.runs.run import RunRequest, record_run
from reclaimlab.sweep.plan import SweepPlan

HOSTILE = Path(__file__).parents[2] / "plugins" / "hostile"


def requests(plan: SweepPlan) -> list[RunRequest]:
    points = [plan.point(number) for number in range(plan.design.points)]
    return [each.request(run, "tiny") for each in points for run in each.runs]


def test_a_batch_has_the_records_that_single_runs_have(
    make_plan: Callable[..., SweepPlan],
) -> None:
    asked = requests(make_plan("memcg.box.limit=8M..32M:3"))
    records, seconds = unpack_records(simulate_batch(pack(asked), 60.0))
    assert records == [without_series(record_run(each)) for each in asked]
    assert seconds > 0


def test_a_batch_that_takes_too_long_ends_after_the_run_it_is_at(
    make_plan: Callable[..., SweepPlan], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "BATCH_S", 0.0)
    asked = requests(make_plan("memcg.box.limit=8M..32M:3"))
    records, _ = unpack_records(simulate_batch(pack(asked), 60.0))
    assert records == [without_series(record_run(asked[0]))]


def test_a_run_that_gives_no_sign_of_life_ends_its_process(
    make_plan: Callable[..., SweepPlan], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECLAIMLAB_PLUGINS_DIR", str(HOSTILE))
    monkeypatch.setenv("RECLAIMLAB_LIMITS", "stuck=200ms")
    (asked,) = requests(make_plan("memcg.box.limit=8M"))
    asked = dataclasses.replace(asked, contender="linux-3.10+loops-for-ever")
    worker = get_context("spawn").Process(target=simulate_batch, args=(pack([asked]), 60.0))
    worker.start()
    worker.join(60)
    assert worker.exitcode == -signal.SIGKILL


def test_long_runs_go_one_by_one_and_short_ones_by_the_dozen() -> None:
    sizes = []
    for run_s in (2.5, 0.1, 1e-6):
        pace = Pace()
        assert pace.size(None, 2) == 1  # nothing is known of them yet
        pace.took(10, 10 * run_s)
        sizes.append(pace.size(None, 2))
    assert sizes == [1, int(BATCH_S / 0.1), MOST_RUNS]


@given(left=st.integers(0, 300), width=st.integers(1, 64), run_s=st.floats(1e-4, 10))
def test_the_last_runs_are_dealt_so_that_each_worker_gets_some(
    left: int, width: int, run_s: float
) -> None:
    pace = Pace()
    pace.took(1, run_s)
    assert 1 <= pace.size(left, width) <= max(1, left // (2 * width))
