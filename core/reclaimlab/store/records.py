"""What goes into the store and comes out of it, as frozen records."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from reclaimlab.measure.records import MetricInfo

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reclaimlab.measure.records import RunResult


class Failure(StrEnum):
    """Why a run has no result."""

    POLICY = "policy"
    """A policy raised or answered nonsense; the run would fail again."""
    BUG = "bug"
    """The simulator broke: our fault, and the text says so."""
    LOST = "lost"
    """The process that simulated it died, as when the machine ran out of memory."""


@dataclass(frozen=True, slots=True)
class PluginMetric:
    """What a metric that a plugin brings said of a run; no part of the run's result or its hash."""

    name: str
    unit: str = ""
    better: Literal["higher", "lower"] = "higher"
    origin: str = ""
    """Distribution and version, or the file, of the plugin."""
    value: float | None = None
    """In :attr:`unit`; None exactly when :attr:`error` says why."""
    error: str = ""

    @property
    def info(self) -> MetricInfo:
        """What the number means, as of a metric of ours."""
        return MetricInfo(self.name, self.unit, self.better, f"brought by {self.origin}")


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run with all that determines it: this record alone is enough to run it again."""

    scenario: str
    scenario_text: str
    scenario_hash: str
    contender: str
    seed: int
    package_version: str
    policy_versions: Mapping[str, str] = field(default_factory=dict)
    result: RunResult | None = None
    """None exactly when :attr:`failure` says why."""
    result_hash: str = ""
    failure: Failure | None = None
    error: str = ""
    traceback: str = ""
    """Of the error, from where the plugin's own code begins; empty if nothing was raised."""
    plugin_metrics: tuple[PluginMetric, ...] = ()


@dataclass(frozen=True, slots=True)
class ComparisonHead:
    """A comparison as it was asked for, before any of its runs."""

    scenario: str
    title: str
    decides: str
    scenario_hash: str
    contenders: tuple[str, ...]
    """In the order given; the first is the baseline."""
    seeds: tuple[int, ...]
    package_version: str

    @property
    def planned_runs(self) -> int:
        """How many runs it has when it is whole."""
        return len(self.contenders) * len(self.seeds)


@dataclass(frozen=True, slots=True)
class Note:
    """A remark of the user on a comparison, on one of its runs, or on a moment of that run."""

    created_at: str
    text: str
    contender: str = ""
    """With ``seed``, the run it is about; empty: the comparison as a whole."""
    seed: int | None = None
    time_ns: int | None = None
    """The moment of the run, in simulated time; None: the run as a whole."""

    @property
    def place(self) -> str:
        """What it is about, for people; empty for the comparison as a whole."""
        if not self.contender:
            return ""
        moment = "" if self.time_ns is None else f" at {self.time_ns / 1e9:.6f} s"
        return f"{self.contender}, seed {self.seed}{moment}"

    @property
    def line(self) -> str:
        """The remark with what it is about, for people."""
        return f"{self.place}: {self.text}" if self.place else self.text


@dataclass(frozen=True, slots=True)
class VerdictCell:
    """What the runs of one contender in one comparison came to."""

    comparison: str
    scenario: str
    contender: str
    verdict: str
    """The worst."""
    count: int
    """Runs that came to it."""
    runs: int


@dataclass(frozen=True, slots=True)
class StoredComparison:
    """A comparison in the store; its runs are read apart."""

    id: str
    created_at: str
    """ISO 8601, UTC."""
    head: ComparisonHead
    stored_runs: int
    failed_runs: int
    tags: tuple[str, ...]
    notes: tuple[Note, ...]
    worst_verdict: str
    """Empty while no run has a result."""
