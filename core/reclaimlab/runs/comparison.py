"""A comparison as it is shown: each contender summarised, and paired with the baseline."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import isfinite
from statistics import fmean, median, stdev
from typing import TYPE_CHECKING

from reclaimlab.errors import StoreError
from reclaimlab.measure.records import METRICS, Incident, MetricInfo, RunResult, Verdict
from reclaimlab.runs.verdict import count_verdicts, worst
from reclaimlab.stats.bootstrap import Interval, mean_interval
from reclaimlab.stats.judgement import Judged, PairedSample, judge

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reclaimlab.store.records import ComparisonHead, RunRecord


@dataclass(frozen=True, slots=True)
class MetricSummary:
    """One metric of one contender over the seeds that have it."""

    info: MetricInfo
    mean: float
    median: float
    ci95: Interval
    """Bootstrap interval of the mean."""
    n: int
    sd: float = 0.0
    """Standard deviation between seeds, in the metric's unit; 0 of one seed."""


@dataclass(frozen=True, slots=True)
class Ended:
    """Why and when the runs of a contender ended."""

    reason: str
    """Of the run that shows the contender's verdict."""
    time_s: float
    reasons: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ContenderSummary:
    """All seeds of one contender."""

    contender: str
    verdict: Verdict | None
    """The worst; None if no run has a result."""
    verdicts: Mapping[Verdict, int]
    ended: Ended | None
    metrics: Mapping[str, MetricSummary]
    incident: Incident | None
    """Of the first seed that came to the contender's verdict."""
    incident_seed: int | None
    failures: tuple[RunRecord, ...]
    policy_versions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Pair:
    """One metric of a contender ``b`` against the baseline ``a``; the judgement is of ``b``."""

    a: str
    b: str
    judged: Judged


@dataclass(frozen=True, slots=True)
class Comparison:
    """One scenario, several contenders, the same seeds for all."""

    id: str
    """In the store; empty if it was given up before a run ended."""
    head: ComparisonHead
    contenders: tuple[ContenderSummary, ...]
    """In the order given; the first is the baseline."""
    pairs: tuple[Pair, ...]

    faults: tuple[str, ...] = ()
    """What plugins that only look at the runs did wrong, a sentence each; no run failed of it."""

    @property
    def stored_runs(self) -> int:
        """Runs that are over, with a result or without."""
        return sum(
            sum(each.verdicts.values()) + len(each.failures) for each in self.contenders
        )  # fmt: skip

    def pair(self, contender: str, metric: str) -> Judged | None:
        """Return what is judged of ``metric`` between the baseline and ``contender``."""
        return next(
            (p.judged for p in self.pairs if p.b == contender and p.judged.metric == metric), None
        )

    def metric_names(self) -> tuple[str, ...]:
        """Return the metrics that any contender has: what decides, ours in their order, others."""
        known = dict.fromkeys((*METRICS, *(n for each in self.contenders for n in each.metrics)))
        found = [name for name in known if any(name in c.metrics for c in self.contenders)]
        return tuple(sorted(found, key=lambda name: name != self.head.decides))


def summarise(comparison_id: str, head: ComparisonHead, records: Iterable[RunRecord]) -> Comparison:
    """Return the comparison that ``records`` make; runs that are missing are left out.

    Raises:
        StoreError: it has no contender, or a run is of none of them.
    """
    by_contender: dict[str, list[RunRecord]] = {name: [] for name in head.contenders}
    if not by_contender:
        raise StoreError(f"comparison {comparison_id} has no contender")
    every = sorted(records, key=lambda record: record.seed)
    for record in every:
        if record.contender not in by_contender:
            msg = (
                f"comparison {comparison_id} has a run of {record.contender!r}, no contender of it"
            )
            raise StoreError(msg)
        by_contender[record.contender].append(record)
    brought = _brought(every)
    baseline, *others = head.contenders
    return Comparison(
        id=comparison_id,
        head=head,
        contenders=tuple(_summarise(name, found, brought) for name, found in by_contender.items()),
        pairs=tuple(
            Pair(baseline, other, judged)
            for other in others
            # A family of their own: what is installed must not change what is said of our metrics.
            for infos in (METRICS, brought)
            for judged in judge(_paired(by_contender[baseline], by_contender[other], infos))
        ),
        faults=tuple(_faults(every)),
    )


def summarise_run(record: RunRecord) -> ContenderSummary:
    """Return one run as a contender of one seed."""
    return _summarise(record.contender, [record], _brought([record]))


def _brought(records: Iterable[RunRecord]) -> dict[str, MetricInfo]:
    """Return what the metrics of plugins are, by name."""
    every = (each for record in records for each in record.plugin_metrics)
    return {each.name: each.info for each in every if each.value is not None}


def _faults(records: Sequence[RunRecord]) -> Iterator[str]:
    """Tell each metric that failed, once, with how often and the first reason."""
    failed = [each for record in records for each in record.plugin_metrics if each.error]
    first = {each.name: each for each in reversed(failed)}
    for name, each in sorted(first.items()):
        runs = sum(other.name == name for other in failed)
        yield f"{each.error} ({runs} of {len(records)} runs; {each.origin})"


def _results(records: Iterable[RunRecord]) -> tuple[RunResult, ...]:
    return tuple(record.result for record in records if record.result is not None)


def _summarise(
    contender: str, records: Sequence[RunRecord], brought: Mapping[str, MetricInfo]
) -> ContenderSummary:
    results = _results(records)
    counts = count_verdicts(result.verdict for result in results)
    verdict = worst(counts)
    shown = _shown(results, verdict)
    return ContenderSummary(
        contender=contender,
        verdict=verdict,
        verdicts=counts,
        ended=_ended(results, shown),
        metrics=_metrics(records, {**METRICS, **brought}),
        incident=shown.incident if shown else None,
        incident_seed=shown.seed if shown and shown.incident else None,
        failures=tuple(record for record in records if record.failure),
        policy_versions=results[0].policy_versions if results else {},
    )


def _shown(results: Sequence[RunResult], verdict: Verdict | None) -> RunResult | None:
    """Return the run that shows ``verdict``: the first with evidence, else the first."""
    such = [result for result in results if result.verdict is verdict]
    return next((result for result in such if result.incident), such[0] if such else None)


def _ended(results: Sequence[RunResult], shown: RunResult | None) -> Ended | None:
    if shown is None:
        return None
    reasons = Counter(result.ended for result in results)
    return Ended(shown.ended, shown.ended_ns / 1e9, dict(reasons.most_common()))


def _metrics(
    records: Sequence[RunRecord], infos: Mapping[str, MetricInfo]
) -> dict[str, MetricSummary]:
    found = {}
    for name, info in infos.items():
        values = [value for record in records if (value := _value(record, name)) is not None]
        if values:
            interval = mean_interval(values)
            sd = stdev(values) if len(values) > 1 else 0.0
            found[name] = MetricSummary(
                info, fmean(values), median(values), interval, len(values), sd
            )
    return found


def _value(record: RunRecord, metric: str) -> float | None:
    if record.result is None:
        return None
    value = record.result.metrics.get(metric)
    if value is None:
        value = next((each.value for each in record.plugin_metrics if each.name == metric), None)
    return value if value is not None and isfinite(value) else None


def _paired(
    baseline: Sequence[RunRecord], other: Sequence[RunRecord], infos: Mapping[str, MetricInfo]
) -> list[PairedSample]:
    by_seed = {record.seed: record for record in baseline}
    shared = [(by_seed[record.seed], record) for record in other if record.seed in by_seed]
    samples = []
    for name, info in infos.items():
        pairs = [(_value(a, name), _value(b, name)) for a, b in shared]
        whole = [(a, b) for a, b in pairs if a is not None and b is not None]
        if whole:
            ours, theirs = zip(*whole, strict=True)
            samples.append(PairedSample(name, info.better, ours, theirs))
    return samples
