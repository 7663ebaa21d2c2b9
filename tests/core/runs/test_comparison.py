"""The summary of a comparison, of runs made by hand."""

from typing import Any

import pytest

from reclaimlab.measure.records import Incident, RunResult, Verdict
from reclaimlab.runs.comparison import Comparison, summarise
from reclaimlab.store.records import ComparisonHead, Failure, RunRecord

BASE, FIXED = "linux-3.10", "linux-3.10+may-enter-fs"
HEAD = ComparisonHead("tiny", "Tiny", "oom_kills", "ab", (BASE, FIXED), (1, 2, 3), "0.1.0")


def a_run(contender: str, seed: int, verdict: Verdict = Verdict.OK, **metrics: float) -> RunRecord:
    incident = None if verdict is Verdict.OK else Incident(verdict, seed * 10**9, (), (), {})
    ended = "duration" if verdict is Verdict.OK else str(verdict)
    result = RunResult(
        "tiny", contender, seed, "fifo", verdict, ended, seed * 10**9, metrics, {}, {}, incident,
        policy_versions=dict.fromkeys(contender.split("+"), "1"),
    )  # fmt: skip
    return RunRecord("tiny", "", "ab", contender, seed, "0.1.0", {}, result, "hash")


def a_failure(contender: str, seed: int) -> RunRecord:
    failure: dict[str, Any] = {"failure": Failure.POLICY, "error": "it raised"}
    return RunRecord("tiny", "", "ab", contender, seed, "0.1.0", **failure)


def comparison(*records: RunRecord) -> Comparison:
    return summarise("c0ffee00", HEAD, records)


def test_the_incident_shown_is_of_the_first_seed_with_the_worst_verdict() -> None:
    base, _ = comparison(
        a_run(BASE, 3, Verdict.DEADLOCK),
        a_run(BASE, 1, Verdict.OOM),
        a_run(BASE, 2, Verdict.DEADLOCK),
    ).contenders
    assert (base.verdict, base.incident_seed) == (Verdict.DEADLOCK, 2)
    assert base.ended is not None
    assert (base.ended.reason, base.ended.time_s) == ("deadlock", 2.0)
    assert base.ended.reasons == {"deadlock": 2, "oom": 1}


def test_contenders_stand_in_the_order_given_and_each_is_paired_with_the_first() -> None:
    found = comparison(a_run(FIXED, 1, oom_kills=1), a_run(BASE, 1, oom_kills=2))
    assert [each.contender for each in found.contenders] == [BASE, FIXED]
    (pair,) = found.pairs
    assert (pair.a, pair.b, pair.judged.ratio) == (BASE, FIXED, 0.5)


def test_pairs_are_of_the_same_seed_only() -> None:
    found = comparison(
        a_run(BASE, 1, oom_kills=1), a_run(BASE, 2, oom_kills=100), a_run(FIXED, 1, oom_kills=3)
    )
    assert found.pairs[0].judged.ratio == 3.0


def test_a_metric_of_one_side_only_makes_no_pair() -> None:
    found = comparison(a_run(BASE, 1, time_to_incident=3.0), a_run(FIXED, 1))
    assert found.pairs == ()
    assert found.metric_names() == ("time_to_incident",)


def test_the_metric_that_decides_comes_first() -> None:
    found = comparison(a_run(BASE, 1, writer_throughput=1, oom_kills=0))
    assert found.metric_names() == ("oom_kills", "writer_throughput")


def test_a_value_that_is_no_number_is_left_out() -> None:
    found = comparison(a_run(BASE, 1, oom_kills=float("nan")), a_run(BASE, 2, oom_kills=2))
    assert found.contenders[0].metrics["oom_kills"].n == 1


def test_failed_runs_count_as_over_but_not_as_a_verdict() -> None:
    found = comparison(a_run(BASE, 1), a_failure(BASE, 2), a_failure(FIXED, 1))
    base, fixed = found.contenders
    assert (base.verdict, len(base.failures)) == (Verdict.OK, 1)
    assert (fixed.verdict, fixed.ended, fixed.metrics) == (None, None, {})
    assert found.stored_runs == 3


def test_the_summary_of_a_metric_over_seeds() -> None:
    runs = [a_run(BASE, seed, writer_throughput=value) for seed, value in enumerate([1, 2, 9])]
    summary = comparison(*runs).contenders[0].metrics["writer_throughput"]
    assert (summary.mean, summary.median, summary.n) == (4.0, 2.0, 3)
    low, high = summary.ci95
    assert 1 <= low < 4 < high <= 9


@pytest.mark.parametrize("order", [1, -1])
def test_the_order_in_which_runs_ended_does_not_matter(order: int) -> None:
    runs = [a_run(name, seed, oom_kills=seed) for seed in (1, 2, 3) for name in (BASE, FIXED)]
    assert comparison(*runs[::order]) == comparison(*runs)
