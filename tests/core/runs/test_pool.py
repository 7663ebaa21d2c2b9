"""Many runs, in real processes."""

import multiprocessing
from collections.abc import Generator, Iterator

import pytest

from reclaimlab.runs.compare import Plan, make_plan
from reclaimlab.runs.pool import run_all
from reclaimlab.runs.run import RunRequest
from reclaimlab.scenarios.schema import Scenario
from reclaimlab.store.records import Failure, RunRecord
from reclaimlab.units import SEC

both = pytest.mark.parametrize("jobs", [1, 2])


@pytest.fixture
def plan(tiny: Scenario) -> Plan:
    return make_plan(tiny, ["linux-3.10", "linux-3.10+may-enter-fs"], [1, 2])


def by_number(outcomes: Iterator[tuple[RunRequest, RunRecord]]) -> list[RunRecord]:
    return [record for _, record in sorted(outcomes, key=lambda outcome: outcome[0].number)]


def test_processes_give_the_same_bytes_as_none(plan: Plan) -> None:
    assert by_number(run_all(plan.requests, jobs=2)) == by_number(run_all(plan.requests, jobs=1))


@both
def test_nothing_to_do_ends_at_once(jobs: int) -> None:
    assert list(run_all([], jobs=jobs)) == []


@both
@pytest.mark.usefixtures("broken_policies")
def test_a_policy_that_raises_fails_its_own_runs_only(tiny: Scenario, jobs: int) -> None:
    plan = make_plan(tiny, ["linux-3.10", "linux-3.10+raises"], [1, 2])
    records = by_number(run_all(plan.requests, jobs=jobs))
    assert [record.failure for record in records] == [None, Failure.POLICY] * 2


@pytest.mark.usefixtures("broken_policies")
def test_a_worker_that_dies_loses_its_own_runs_only(tiny: Scenario) -> None:
    plan = make_plan(tiny, ["linux-3.10", "linux-3.10+kills-its-process"], [1, 2])
    records = by_number(run_all(plan.requests, jobs=2))
    assert [record.failure for record in records] == [None, Failure.POLICY] * 2
    assert "plugin kills-its-process (in describe_kernel, broken_plugin.py:" in records[1].error
    assert "ended the process that simulated it (exit code 9)" in records[1].error


def test_runs_of_a_worker_that_is_killed_once_are_run_again(plan: Plan) -> None:
    outcomes = run_all(plan.requests, jobs=2)
    first = next(outcomes)
    for worker in multiprocessing.active_children():
        worker.kill()
    rest = list(outcomes)
    assert [record.failure for _, record in [first, *rest]] == [None] * 4


@both
def test_once_asked_to_stop_nothing_more_is_handed_out(plan: Plan, jobs: int) -> None:
    found: list[RunRecord] = []
    for _, record in run_all(plan.requests * 50, jobs=jobs, stop=lambda: bool(found)):
        found.append(record)
    assert 1 <= len(found) <= jobs


def test_no_process_outlives_the_runs(plan: Plan) -> None:
    list(run_all(plan.requests, jobs=2))
    abandoned = run_all(plan.requests, jobs=2)
    next(abandoned)
    assert isinstance(abandoned, Generator)
    abandoned.close()
    assert multiprocessing.active_children() == []


def test_a_watcher_sees_each_run_begin_in_a_process(plan: Plan) -> None:
    seen: list[tuple[int, int]] = []
    outcomes = run_all(
        plan.requests, jobs=1, watcher=lambda request, ns: seen.append((request.number, ns))
    )
    next(outcomes)
    assert multiprocessing.active_children()
    list(outcomes)
    assert [number for number, ns in seen if ns == 0] == [0, 1, 2, 3]
    assert all(0 <= ns <= 2 * SEC for _, ns in seen)
