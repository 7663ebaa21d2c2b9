"""What a run leaves behind: verdict, incident, metrics and series, as frozen records.

Everything here is plain data: it crosses process borders, is stored, and is printed. Two runs of
the same scenario, contender, seed and schedule give equal records on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal


class Verdict(StrEnum):
    """What a run came to, worst first (the order in which a contender's verdict is chosen)."""

    DEADLOCK = "deadlock"
    LIVELOCK = "livelock"
    STALL = "stall"
    PREMATURE_OOM = "premature-oom"
    OOM = "oom"
    OK = "ok"

    @property
    def severity(self) -> int:
        """0 is the worst."""
        return list(Verdict).index(self)


@dataclass(frozen=True, slots=True)
class TaskReport:
    """One task at the moment of an incident, as a hung-task report would show it."""

    name: str
    state: str
    """``R`` running, ``S`` interruptible, ``D`` uninterruptible, ``K`` killable."""
    since_s: float
    """Seconds it has been in this state."""
    waits_for: str
    stack: tuple[str, ...]
    """Kernel function names, innermost first."""


@dataclass(frozen=True, slots=True)
class Incident:
    """The evidence of a bad verdict."""

    verdict: Verdict
    time_ns: int
    tasks: tuple[TaskReport, ...]
    cycle: tuple[str, ...]
    """Tasks and resources, each waiting for the next, the last for the first; may be empty."""
    memory: dict[str, int]
    """Memory state in pages (``free``, ``box.usage``, ``box.dirty``, ...)."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """One sampled quantity over time; ``times_ns`` and ``values`` have the same length."""

    name: str
    unit: str
    times_ns: tuple[int, ...]
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class MetricInfo:
    """What a metric means: its unit and which direction is good."""

    name: str
    unit: str
    better: Literal["higher", "lower"]
    doc: str


METRICS: dict[str, MetricInfo] = {
    info.name: info
    for info in (
        MetricInfo(
            "writer_throughput", "B/s", "higher", "bytes accepted from all writers per second"
        ),
        MetricInfo(
            "device_throughput", "B/s", "higher", "bytes the devices have written per second"
        ),
        MetricInfo("write_latency_p50", "s", "lower", "median time of one write()"),
        MetricInfo("write_latency_p99", "s", "lower", "99th percentile of the time of one write()"),
        MetricInfo("write_latency_max", "s", "lower", "longest write()"),
        MetricInfo(
            "alloc_stall_share",
            "1",
            "lower",
            "share of the tasks' time spent in direct or memcg reclaim",
        ),
        MetricInfo("dirty_peak", "pages", "lower", "most dirty pages at a sample"),
        MetricInfo("dirty_plateau", "pages", "lower", "mean dirty pages over the last two thirds"),
        MetricInfo(
            "writeback_plateau",
            "pages",
            "lower",
            "mean pages under writeback over the last two thirds",
        ),
        MetricInfo("pages_scanned", "pages", "lower", "pages looked at by reclaim"),
        MetricInfo("pages_reclaimed", "pages", "higher", "pages freed by reclaim"),
        MetricInfo("scan_efficiency", "1", "higher", "pages reclaimed per page scanned"),
        MetricInfo("oom_kills", "tasks", "lower", "tasks killed by the OOM killer"),
        MetricInfo("longest_block", "s", "lower", "longest uninterruptible sleep of any task"),
        MetricInfo(
            "time_to_incident", "s", "higher", "time of the incident; absent when the run is ok"
        ),
        MetricInfo("reader_latency_p99", "s", "lower", "99th percentile of the time of one read()"),
    )
}
"""The metrics of a comparison, in the order they are printed."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """One run: fully determined by scenario, contender, seed and schedule."""

    scenario: str
    contender: str
    seed: int
    schedule: str
    """Name of the order among equals: ``fifo``, ``random``, or ``replay:<hash>``."""
    verdict: Verdict
    ended: str
    """Why the run ended: ``duration``, ``deadlock``, ``all writers killed``, ..."""
    ended_ns: int
    metrics: dict[str, float]
    """Metric name -> value; a metric that does not apply is absent."""
    task_metrics: dict[str, dict[str, float]]
    memcg_metrics: dict[str, dict[str, float]]
    incident: Incident | None
    series: tuple[Series, ...] = ()
    policy_versions: dict[str, str] = field(default_factory=dict)
    events: int = 0
    """Events the engine handled: a size, not a quality."""


def as_json(result: RunResult) -> dict[str, Any]:
    """Return ``result`` as plain JSON data, without its series; key order is fixed."""
    incident = result.incident
    return {
        "contender": result.contender,
        "seed": result.seed,
        "schedule": result.schedule,
        "verdict": str(result.verdict),
        "ended": {"reason": result.ended, "time_s": result.ended_ns / 1e9},
        "metrics": {
            name: {"unit": METRICS[name].unit, "value": value, "better": METRICS[name].better}
            for name, value in result.metrics.items()
        },
        "tasks": result.task_metrics,
        "memcgs": result.memcg_metrics,
        "incident": None if incident is None else incident_json(incident, result.seed),
        "events": result.events,
    }


def incident_json(incident: Incident, seed: int) -> dict[str, Any]:
    """Return an incident as the contract's JSON object."""
    return {
        "verdict": str(incident.verdict),
        "time_s": incident.time_ns / 1e9,
        "seed": seed,
        "tasks": [
            {
                "name": task.name,
                "state": task.state,
                "since_s": task.since_s,
                "waits_for": task.waits_for,
                "stack": list(task.stack),
            }
            for task in incident.tasks
        ],
        "cycle": list(incident.cycle),
        "memory": incident.memory,
        "note": incident.note,
    }
