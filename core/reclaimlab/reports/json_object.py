"""The JSON object of a comparison and of a run, as the command line's contract has it."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from reclaimlab.measure.records import incident_json
from reclaimlab.policy.extensions import Table, Verbatim
from reclaimlab.reports.evidence import NOTHING, Evidence
from reclaimlab.runs.comparison import summarise_run
from reclaimlab.runs.seeds_needed import seed_warnings
from reclaimlab.stats.proportion import wilson_interval

if TYPE_CHECKING:
    from reclaimlab.policy.extensions import Block
    from reclaimlab.runs.comparison import Comparison, ContenderSummary, MetricSummary, Pair
    from reclaimlab.runs.sections import Section
    from reclaimlab.store.records import RunRecord

SCHEMA = 1


def comparison_object(comparison: Comparison, evidence: Evidence = NOTHING) -> dict[str, Any]:
    """Return what ``compare --json`` prints; ``schemas/comparison-1.json`` describes it.

    A report adds what ``evidence`` has of words: tags, notes, the sections of plugins.
    """
    found: dict[str, Any] = {
        "schema": SCHEMA,
        "comparison": comparison.id,
        "scenario": comparison.head.scenario,
        "seeds": list(comparison.head.seeds),
        "contenders": [_contender(each) for each in comparison.contenders],
        "pairs": [_pair(pair) for pair in comparison.pairs],
        "warnings": list(seed_warnings(comparison)),
    }
    if comparison.faults:
        found["faults"] = list(comparison.faults)
    if evidence.tags:
        found["tags"] = list(evidence.tags)
    if evidence.notes:
        found["notes"] = list(evidence.notes)
    if evidence.sections:
        found["sections"] = [_section(each) for each in evidence.sections]
    return found


def run_object(record: RunRecord) -> dict[str, Any]:
    """Return what ``run --json`` prints: a contender of one seed, and what only a run has.

    The record must have a result.
    """
    result = record.result
    assert result is not None
    summary = summarise_run(record)
    found = {"schema": SCHEMA, "scenario": result.scenario, **_contender(summary)}
    for name, metric in summary.metrics.items():
        found["metrics"][name]["value"] = metric.mean
    return found | {
        "seed": result.seed,
        "schedule": result.schedule,
        "tasks": result.task_metrics,
        "memcgs": result.memcg_metrics,
        "events": result.events,
        "policy_versions": result.policy_versions,
    }


def comparison_schema() -> dict[str, Any]:
    """Return the JSON Schema of :func:`comparison_object`.

    Fields may be added to a version; one that goes or changes its meaning makes a new version.
    """
    file = files(__package__).joinpath("schemas", f"comparison-{SCHEMA}.json")
    schema: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return schema


def dump(plain: Any) -> str:
    """Return ``plain`` as JSON text that people can read and diff."""
    return json.dumps(plain, indent=2) + "\n"


def _contender(summary: ContenderSummary) -> dict[str, Any]:
    ended, incident = summary.ended, summary.incident
    found: dict[str, Any] = {
        "contender": summary.contender,
        "verdict": summary.verdict and str(summary.verdict),
        "verdicts": {str(verdict): count for verdict, count in summary.verdicts.items()},
        "shares": {
            str(verdict): list(wilson_interval(count, sum(summary.verdicts.values())))
            for verdict, count in summary.verdicts.items()
        },
        "ended": ended
        and {"reason": ended.reason, "time_s": ended.time_s, "reasons": dict(ended.reasons)},
        "metrics": {name: _metric(metric) for name, metric in summary.metrics.items()},
        "incident": incident and incident_json(incident, summary.incident_seed or 0),
    }
    if summary.failures:
        found["failed"] = [
            {"seed": record.seed, "failure": str(record.failure), "error": record.error}
            for record in summary.failures
        ]
    return found


def _metric(metric: MetricSummary) -> dict[str, Any]:
    return {
        "unit": metric.info.unit,
        "mean": metric.mean,
        "median": metric.median,
        "ci95": list(metric.ci95),
        "n": metric.n,
        "sd": metric.sd,
        "better": metric.info.better,
    }


def _pair(pair: Pair) -> dict[str, Any]:
    judged = pair.judged
    return {
        "metric": judged.metric,
        "a": pair.a,
        "b": pair.b,
        "ratio": judged.ratio,
        "ci95": judged.ci95 and list(judged.ci95),
        "p": judged.p,
        "effect": judged.effect,
        "judgement": str(judged.judgement),
    }


def _section(section: Section) -> dict[str, Any]:
    return {
        "name": section.name,
        "title": section.title,
        "origin": section.origin,
        "blocks": [_block(each) for each in section.blocks],
        "error": section.error,
    }


def _block(block: Block) -> dict[str, Any]:
    match block:
        case Table(header, rows):
            return {"table": {"header": list(header), "rows": [list(row) for row in rows]}}
        case Verbatim(text):
            return {"verbatim": text}
        case _:
            return {"paragraph": block}
