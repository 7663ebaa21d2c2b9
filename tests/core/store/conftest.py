"""A store in a temporary file, and runs made by hand."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reclaimlab.measure.records import Incident, RunResult, Series, TaskReport, Verdict
from reclaimlab.store.fingerprint import result_hash
from reclaimlab.store.records import ComparisonHead, PluginMetric, RunRecord
from reclaimlab.store.writer import StoreWriter

HANG = Incident(
    verdict=Verdict.DEADLOCK,
    time_ns=12_345_678_901,
    tasks=(
        TaskReport("kworker/2:1", "D", 131.5, "page 77", ("wait_on_page_bit", "shrink_page_list")),
        TaskReport("dd", "D", 128.0, "ILOCK", ()),
    ),
    cycle=("kworker/2:1", "page 77"),
    memory={"free": 1000, "box.usage": 2048},
    note="seen at the first try",
)
RESULT = RunResult(
    scenario="tiny",
    contender="linux-3.10",
    seed=1,
    schedule="fifo",
    verdict=Verdict.DEADLOCK,
    ended="deadlock",
    ended_ns=12_345_678_901,
    metrics={"writer_throughput": 1.5e6, "oom_kills": 0.0},
    task_metrics={"dd": {"written": 4096.0}},
    memcg_metrics={"box": {"peak": 12.0}},
    incident=HANG,
    series=(Series("box.dirty", "pages", (0, 100_000_000, 200_000_000), (5, 9, 2)),),
    policy_versions={"linux-3.10": "1"},
    events=321,
)
HEAD = ComparisonHead(
    scenario="tiny",
    title="A writer and a disk",
    decides="verdict",
    scenario_hash="ab" * 32,
    contenders=("linux-3.10", "linux-3.10+may-enter-fs"),
    seeds=(1, 2),
    package_version="0.1.0",
)


def record_of(result: RunResult, **changes: Any) -> RunRecord:
    record = RunRecord(
        scenario=result.scenario,
        scenario_text="[scenario]\n",
        scenario_hash="ab" * 32,
        contender=result.contender,
        seed=result.seed,
        package_version="0.1.0",
        policy_versions=result.policy_versions,
        result=result,
        result_hash=result_hash(result),
        plugin_metrics=(
            PluginMetric("dirty_swing", "pages", "lower", "second-look 0.2", 3.0),
            PluginMetric("faulty", origin="faulty 1", error="metric faulty: measure() raised"),
        ),
    )
    return dataclasses.replace(record, **changes)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs.sqlite"


@pytest.fixture
def writer(path: Path) -> Iterator[StoreWriter]:
    with StoreWriter(path) as writer:
        yield writer


@pytest.fixture
def result() -> RunResult:
    return RESULT


@pytest.fixture
def record() -> RunRecord:
    return record_of(RESULT)


@pytest.fixture
def head() -> ComparisonHead:
    return HEAD
