"""The hash of a run's result: equal hashes mean equal bytes, series included."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import Any

from reclaimlab.measure.records import RunResult, Series, as_json


def canonical_json(result: RunResult) -> str:
    """Return ``result`` as JSON text in which every value has one spelling only."""
    plain = as_json(result) | {
        "scenario": result.scenario,
        "ended_ns": result.ended_ns,
        "incident_ns": result.incident and result.incident.time_ns,
        "policy_versions": result.policy_versions,
        "metrics": _numbers(result.metrics),
        "tasks": {name: _numbers(metrics) for name, metrics in result.task_metrics.items()},
        "memcgs": {name: _numbers(metrics) for name, metrics in result.memcg_metrics.items()},
        "series": [_series(series) for series in result.series],
    }
    return json.dumps(plain, sort_keys=True, separators=(",", ":"))


def _numbers(metrics: dict[str, float]) -> dict[str, float]:
    # 1 and 1.0 are the same measurement, and SQLite gives back the latter for both.
    return {name: float(value) for name, value in metrics.items()}


def _series(series: Series) -> dict[str, Any]:
    return {field.name: getattr(series, field.name) for field in dataclasses.fields(series)}


def result_hash(result: RunResult) -> str:
    """Return the SHA-256 of ``result`` in hex."""
    return hashlib.sha256(canonical_json(result).encode()).hexdigest()
