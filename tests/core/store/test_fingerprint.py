"""The hash of a result: everything counts, and nothing but the result does."""

import dataclasses

import pytest

from reclaimlab.measure.records import RunResult, Series, Verdict
from reclaimlab.store.fingerprint import result_hash


@pytest.mark.parametrize(
    "change",
    [
        {"scenario": "other"},
        {"contender": "linux-3.5"},
        {"seed": 2},
        {"schedule": "random"},
        {"verdict": Verdict.OK},
        {"ended": "duration"},
        {"ended_ns": 12_345_678_902},
        {"metrics": {"writer_throughput": 1.5e6, "oom_kills": 1.0}},
        {"task_metrics": {}},
        {"memcg_metrics": {"box": {"peak": 12.5}}},
        {"incident": None},
        {"series": (Series("box.dirty", "pages", (0, 1, 2), (5, 9, 2)),)},
        {"series": ()},
        {"policy_versions": {"linux-3.10": "2"}},
        {"events": 322},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_field_counts(result: RunResult, change: dict[str, object]) -> None:
    changed: RunResult = dataclasses.replace(result, **change)  # type: ignore[arg-type] # any field
    assert result_hash(changed) != result_hash(result)


def test_the_parameters_above_are_all_fields(result: RunResult) -> None:
    fields = {field.name for field in dataclasses.fields(result)}
    (mark,) = test_every_field_counts.pytestmark  # type: ignore[attr-defined] # set by parametrize
    assert {name for change in mark.args[1] for name in change} == fields


def test_an_incident_a_nanosecond_later_is_another(result: RunResult) -> None:
    assert result.incident is not None
    later = dataclasses.replace(result.incident, time_ns=result.incident.time_ns + 1)
    assert result_hash(dataclasses.replace(result, incident=later)) != result_hash(result)


def test_one_and_one_point_zero_are_the_same_measurement(result: RunResult) -> None:
    whole = dataclasses.replace(result, metrics={"writer_throughput": 1_500_000, "oom_kills": 0})
    assert result_hash(whole) == result_hash(result)
