"""A sweep goes on where it was cut off, and runs nothing that the store knows."""

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reclaimlab.runs.executors import Ended
from reclaimlab.runs.executors.inline import InlineExecutor
from reclaimlab.runs.executors.processes import ProcessExecutor
from reclaimlab.runs.run import RunRequest, Stop, never, run_one
from reclaimlab.scenarios.reader import scenario_hash
from reclaimlab.store.fingerprint import result_hash
from reclaimlab.store.records import Failure
from reclaimlab.store.sweeps import SweepReader, SweepWriter
from reclaimlab.sweep.execute import Tally, run_sweep
from reclaimlab.sweep.plan import SweepPlan

MakePlan = Callable[..., SweepPlan]
Stored = Callable[[Path], list[tuple[Any, ...]]]
LIMITS = "memcg.box.limit=8M..32M:4"


class Counting(InlineExecutor):
    def __init__(self) -> None:
        self.requests: list[RunRequest] = []

    def run(self, requests: Iterable[RunRequest], *, stop: Stop = never) -> Iterator[Ended]:
        for ended in super().run(requests, stop=stop):
            self.requests.append(ended.request)
            yield ended


def run(plan: SweepPlan, db: Path, executor: Any = None, **more: Any) -> Tally:
    with executor or InlineExecutor() as entered, SweepWriter(db) as writer:
        return run_sweep(plan, writer, entered, **more)


def test_a_result_is_the_one_that_a_single_run_gives(make_plan: MakePlan, tmp_path: Path) -> None:
    plan = make_plan(LIMITS)
    run(plan, tmp_path / "a.db")
    with SweepReader(tmp_path / "a.db") as reader:
        runs = list(reader.runs(plan.head().id))
    alone = run_one(plan.source.scenario({"memcg.box.limit": "16MiB"}), "linux-3.10", 1)
    assert runs[1].settings == {"memcg.box.limit": "16MiB"}
    assert runs[1].result_hash == result_hash(alone)
    assert runs[1].metrics == alone.metrics


def test_a_point_knows_its_scenario_by_the_hash_that_comparisons_store(
    make_plan: MakePlan,
) -> None:
    plan = make_plan(LIMITS)
    point = plan.point(2)
    assert point.digest == scenario_hash(plan.source.scenario(point.settings))


def test_the_second_call_runs_nothing(make_plan: MakePlan, tmp_path: Path) -> None:
    plan = make_plan(LIMITS, seeds=2)
    assert run(plan, tmp_path / "a.db").ran == 8
    again = run(plan, tmp_path / "a.db")
    assert (again.before, again.ran) == (8, 0)


def test_a_sweep_cut_short_goes_on_and_runs_nothing_twice(
    make_plan: MakePlan, stored: Stored, tmp_path: Path
) -> None:
    plan, counting = make_plan(LIMITS, seeds=2), Counting()
    first = run(plan, tmp_path / "a.db", counting, stop=lambda: len(counting.requests) >= 3)
    second = run(plan, tmp_path / "a.db", counting)
    assert (first.ran, second.before, second.ran) == (3, 3, 5)
    assert len({each.number for each in counting.requests}) == 8
    run(plan, tmp_path / "whole.db")
    assert stored(tmp_path / "a.db") == stored(tmp_path / "whole.db")


def test_another_sweep_is_answered_by_content(make_plan: MakePlan, tmp_path: Path) -> None:
    run(make_plan(LIMITS), tmp_path / "a.db")
    other = run(make_plan("memcg.box.limit=8M,12M,16384K"), tmp_path / "a.db")
    assert (other.answered, other.ran) == (2, 1)


def test_a_contender_without_the_varied_policy_runs_once(
    make_plan: MakePlan, tmp_path: Path
) -> None:
    plan = make_plan(
        "congestion-wait.timeout=10ms,20ms,30ms",
        contenders=("linux-3.10", "linux-3.10+congestion-wait"),
    )
    with ProcessExecutor(2) as executor:
        tally = run(plan, tmp_path / "a.db", executor)
    assert (tally.ran, tally.answered) == (4, 2)


def test_shards_together_are_the_whole(make_plan: MakePlan, tmp_path: Path) -> None:
    plan = make_plan(LIMITS)
    ran = [run(plan, tmp_path / "a.db", shard=(which, 3)).ran for which in (1, 2, 3)]
    assert ran == [2, 1, 1]
    assert run(plan, tmp_path / "a.db").before == 4


def test_processes_store_the_same_bytes_as_none(
    make_plan: MakePlan, stored: Stored, tmp_path: Path
) -> None:
    plan = make_plan(LIMITS, contenders=("linux-3.10", "linux-3.5"))
    run(plan, tmp_path / "a.db")
    run(plan, tmp_path / "b.db", ProcessExecutor(2))
    assert stored(tmp_path / "a.db") == stored(tmp_path / "b.db")


@pytest.mark.slow
@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGSTOP])
def test_a_worker_that_dies_or_hangs_costs_its_run_one_more_try(
    sign: signal.Signals, make_plan: MakePlan, stored: Stored, tmp_path: Path
) -> None:
    plan = make_plan(LIMITS, seeds=3, settings=("duration=2s",))
    executor, hit = ProcessExecutor(2, silent_s=5.0), []

    def hurt(tally: Tally) -> None:
        if tally.ran in (2, 6) and tally.ran not in hit:
            hit.append(tally.ran)
            os.kill(executor.pids()[0], sign)

    tally = run(plan, tmp_path / "a.db", executor, watch=hurt)
    assert (tally.ran, tally.lost, len(hit)) == (12, 0, 2)
    assert 1 <= tally.retries <= 2
    run(plan, tmp_path / "whole.db")
    assert stored(tmp_path / "a.db") == stored(tmp_path / "whole.db")


class Losing(InlineExecutor):
    def run(self, requests: Iterable[RunRequest], *, stop: Stop = never) -> Iterator[Ended]:
        from reclaimlab.runs.executors.base import lost

        for request in requests:
            yield lost(request, "the process that simulated it died")


def test_a_lost_run_is_not_stored_so_that_the_next_call_tries_it_again(
    make_plan: MakePlan, tmp_path: Path
) -> None:
    plan = make_plan(LIMITS)
    first = run(plan, tmp_path / "a.db", Losing())
    assert (first.lost, first.ran) == (4, 0)
    assert str(Failure.LOST) not in first.errors[0]
    assert "died, 3 times" in first.errors[0]
    assert run(plan, tmp_path / "a.db").ran == 4
