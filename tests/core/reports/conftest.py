"""Comparisons made by hand, with names as bad as they get."""

import dataclasses
from collections.abc import Callable

import pytest

from reclaimlab.measure.records import Incident, RunResult, TaskReport, Verdict
from reclaimlab.runs.comparison import Comparison, summarise
from reclaimlab.store.records import ComparisonHead, Failure, PluginMetric, RunRecord

Make = Callable[..., Comparison]

HANG = Incident(
    verdict=Verdict.DEADLOCK,
    time_ns=12_345_678_901,
    tasks=(
        TaskReport(
            "kworker/2:1:57", "D", 131.4, "writeback of page 77",
            ("wait_on_page_bit", "shrink_page_list", "shrink_inactive_list"),
        ),
        TaskReport("dd", "R", 0.25, "", ()),
    ),
    cycle=("kworker/2:1:57", "page 77", "ioend 12"),
    memory={"free": 1000, "box.usage": 2048},
)  # fmt: skip


def a_run(contender: str, seed: int, incident: Incident | None, factor: float) -> RunRecord:
    metrics = {"writer_throughput": (5e6 + seed) * factor, "write_latency_p99": 0.012 / factor}
    metrics |= {"oom_kills": 0.0, "pages_scanned": 123456.0, "scan_efficiency": 0.5}
    verdict = incident.verdict if incident else Verdict.OK
    result = RunResult(
        "tiny", contender, seed, "fifo", verdict, "duration", 60 * 10**9, metrics, {}, {}, incident,
        policy_versions={contender: "1"},
    )  # fmt: skip
    return RunRecord("tiny", "", "ab", contender, seed, "0.1.0", {}, result, "hash")


@pytest.fixture(scope="session")
def make() -> Make:
    """Make a comparison: the first contender hangs, each later one is a tenth slower."""

    def make(
        *contenders: str,
        title: str = "A writer",
        incident: Incident = HANG,
        runs: int = 12,
        metric: PluginMetric | None = None,
    ) -> Comparison:
        seeds = tuple(range(1, 13))
        head = ComparisonHead("tiny", title, "verdict", "ab", contenders, seeds, "0.1.0")
        records = [
            a_run(name, seed, None if place else incident, 0.9**place)
            for place, name in enumerate(contenders)
            for seed in seeds[:runs]
        ]
        if metric is not None:
            records = [dataclasses.replace(each, plugin_metrics=(metric,)) for each in records]
        return summarise("c0ffee00", head, records)

    return make


@pytest.fixture
def with_a_failure() -> Comparison:
    """One contender, of which one run failed and one is missing."""
    head = ComparisonHead("tiny", "A writer", "verdict", "ab", ("linux-3.10",), (1, 2, 3), "0.1.0")
    failed = RunRecord(
        "tiny", "", "ab", "linux-3.10", 2, "0.1.0", failure=Failure.POLICY, error="policy x raised"
    )
    return summarise("c0ffee00", head, [a_run("linux-3.10", 1, None, 1.0), failed])
