"""Comparisons, stored run by run, and verified."""

import dataclasses
from pathlib import Path

import pytest

from reclaimlab.runs.compare import compare, compare_until_enough, make_plan
from reclaimlab.runs.comparison import summarise
from reclaimlab.runs.events import RunEvent, RunFailed, RunFinished
from reclaimlab.runs.verify import verify
from reclaimlab.scenarios.schema import Scenario
from reclaimlab.store.reader import StoreReader
from reclaimlab.store.writer import StoreWriter

PAIR = ["linux-3.10", "linux-3.10+may-enter-fs"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs.sqlite"


def test_what_compare_returns_is_what_the_store_gives_back(tiny: Scenario, path: Path) -> None:
    with StoreWriter(path) as writer:
        found = compare(make_plan(tiny, PAIR, [1, 2]), writer)
    with StoreReader(path) as reader:
        stored = reader.comparison(found.id)
        assert summarise(stored.id, stored.head, reader.runs(stored.id)) == found
    assert found.stored_runs == stored.stored_runs == 4


def test_every_contender_has_the_same_seeds(tiny: Scenario) -> None:
    plan = make_plan(tiny, PAIR, [3, 5])
    seeds = {name: [r.seed for r in plan.requests if r.contender == name] for name in PAIR}
    assert seeds == {name: [3, 5] for name in PAIR}


@pytest.mark.usefixtures("broken_policies")
def test_observers_hear_of_each_run_once(tiny: Scenario, path: Path) -> None:
    heard: list[RunEvent] = []
    with StoreWriter(path) as writer:
        plan = make_plan(tiny, ["linux-3.10", "linux-3.10+raises"], [1])
        compare(plan, writer, observers=[heard.append])
    assert [type(event) for event in heard] == [RunFinished, RunFailed]
    assert [(event.done, event.planned) for event in heard] == [(1, 2), (2, 2)]


def test_a_comparison_that_is_stopped_keeps_what_is_finished(tiny: Scenario, path: Path) -> None:
    heard: list[RunEvent] = []
    with StoreWriter(path) as writer:
        plan = make_plan(tiny, PAIR, range(10))
        found = compare(plan, writer, observers=[heard.append], stop=lambda: len(heard) == 3)
    assert found.stored_runs == 3
    with StoreReader(path) as reader:
        assert len(reader.runs(found.id)) == 3


def test_a_comparison_that_is_stopped_before_a_run_ended_is_not_stored(
    tiny: Scenario, path: Path
) -> None:
    for comparer in (compare, compare_until_enough):
        with StoreWriter(path) as writer:
            found = comparer(make_plan(tiny, PAIR, range(10)), writer, stop=lambda: True)
        assert (found.id, found.stored_runs) == ("", 0)
        with StoreReader(path) as reader:
            assert reader.comparisons() == ()


def test_stored_runs_come_out_the_same_again(tiny: Scenario, path: Path) -> None:
    with StoreWriter(path) as writer:
        found = compare(make_plan(tiny, PAIR, [1]), writer)
    with StoreReader(path) as reader:
        records = reader.runs(found.id)
    assert [each.same for each in verify(records)] == [True, True]


def test_a_result_that_differs_is_told_with_what_changed(tiny: Scenario, path: Path) -> None:
    with StoreWriter(path) as writer:
        found = compare(make_plan(tiny, PAIR, [1]), writer)
    with StoreReader(path) as reader:
        record = reader.runs(found.id)[0]
    old = dataclasses.replace(
        record, result_hash="0" * 64, package_version="0.0.9", policy_versions={"linux-3.10": "0"}
    )
    (verification,) = verify([old])
    assert not verification.same
    assert "000000000000, now" in verification.difference
    assert "reclaimlab 0.0.9 -> 0.1.0, linux-3.10 0 -> 1" in verification.difference
