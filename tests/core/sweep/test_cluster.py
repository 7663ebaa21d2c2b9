"""A real Dask scheduler with real workers gives the same bytes as no cluster."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from distributed import LocalCluster

from reclaimlab.runs.executors.cluster import ClusterError, ClusterExecutor
from reclaimlab.runs.executors.inline import InlineExecutor
from reclaimlab.store.sweeps import SweepReader, SweepWriter
from reclaimlab.sweep.execute import Tally, run_sweep
from reclaimlab.sweep.plan import SweepPlan

pytestmark = pytest.mark.slow


def test_a_cluster_stores_the_same_bytes_even_when_a_worker_is_killed(
    make_plan: Callable[..., SweepPlan],
    stored: Callable[[Path], list[tuple[Any, ...]]],
    tmp_path: Path,
) -> None:
    plan = make_plan("memcg.box.limit=8M..32M:60", settings=("duration=2s",))
    hit: list[int] = []
    with ClusterExecutor("local", 2) as executor, SweepWriter(tmp_path / "a.db") as writer:

        def kill(tally: Tally) -> None:
            if tally.ran >= 20 and not hit:
                hit.append(executor.worker_pids()[0])
                os.kill(hit[0], signal.SIGKILL)

        tally = run_sweep(plan, writer, executor, watch=kill)
    assert (tally.ran, tally.lost, len(hit)) == (60, 0, 1)
    with InlineExecutor() as inline, SweepWriter(tmp_path / "b.db") as writer:
        run_sweep(plan, writer, inline)
    assert stored(tmp_path / "a.db") == stored(tmp_path / "b.db")


def test_an_address_where_nobody_is_gets_one_clear_line() -> None:
    with (
        pytest.raises(ClusterError, match=r"no Dask scheduler answers at tcp://127.0.0.1:9"),
        ClusterExecutor("tcp://127.0.0.1:9", 1),
    ):
        pass


def test_a_scheduler_that_goes_away_gets_one_clear_line_and_what_had_ended_is_stored(
    make_plan: Callable[..., SweepPlan], tmp_path: Path
) -> None:
    plan = make_plan("memcg.box.limit=8M..32M:40", settings=("duration=4s",))
    with (
        LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as theirs,
        ClusterExecutor(theirs.scheduler_address, 1) as executor,
        SweepWriter(tmp_path / "a.db") as writer,
    ):

        def leave(tally: Tally) -> None:
            if tally.ran == 1:
                theirs.close()

        with pytest.raises(ClusterError, match=r"the Dask scheduler at tcp://.* is gone"):
            run_sweep(plan, writer, executor, watch=leave)
    with SweepReader(tmp_path / "a.db") as reader:
        assert 1 <= reader.sweep("latest").stored_runs < 40
