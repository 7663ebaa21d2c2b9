"""A contender's verdict over its seeds."""

import pytest

from reclaimlab.measure.records import Verdict
from reclaimlab.runs.verdict import count_verdicts, describe_counts, worst

V = Verdict


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        ([V.OK], "ok"),
        ([V.OK] * 20, "ok in 20 of 20"),
        ([V.OK] * 17 + [V.DEADLOCK] * 3, "deadlock in 3 of 20, ok in 17"),
        ([V.OOM, V.STALL, V.OOM, V.PREMATURE_OOM], "stall in 1 of 4, premature-oom in 1, oom in 2"),
        ([], "no run ended"),
    ],
)
def test_the_counts_are_told_worst_first(verdicts: list[Verdict], said: str) -> None:
    assert describe_counts(count_verdicts(verdicts)) == said


@pytest.mark.parametrize("better", list(Verdict)[1:])
def test_the_worst_verdict_wins_whatever_its_count(better: Verdict) -> None:
    just_worse = list(Verdict)[better.severity - 1]
    assert worst(count_verdicts([better] * 9 + [just_worse])) is just_worse


def test_without_a_run_there_is_no_verdict() -> None:
    assert worst({}) is None
