"""A comparison as Markdown: verdicts and metrics as tables, incidents as code blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.reports.incident_text import incident_lines
from reclaimlab.reports.inert import inert
from reclaimlab.reports.numbers import gain_text, scale_for
from reclaimlab.reports.shares import shares_text
from reclaimlab.reports.text import seeds_text, verdict_text, versions_text
from reclaimlab.runs.seeds_needed import seed_warnings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reclaimlab.runs.comparison import Comparison


def markdown_report(comparison: Comparison) -> str:
    """Return the report as Markdown with GitHub's tables."""
    head = comparison.head
    facts = (
        f"Decides: {cell(head.decides)}. Seeds: {seeds_text(head.seeds)}. "
        f"Comparison: {comparison.id}. Versions: {cell(versions_text(comparison))}."
    )
    lines = [
        f"# {cell(head.scenario)}: {cell(head.title)}",
        "",
        facts,
        "",
        *_verdicts(comparison),
        "",
        *_too_few(comparison),
        *_metrics(comparison),
    ]
    for contender in comparison.contenders:
        if contender.incident is not None:
            seed = contender.incident_seed
            told = incident_lines(contender.incident, contender.contender, seed)
            lines += ["", "```", *told, "```"]
    return "\n".join(lines) + "\n"


def cell(text: str) -> str:
    """Return ``text`` as it may stand in a table: on one line, without markup of its own."""
    plain = inert(" ".join(text.split()))
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>|" else letter for letter in plain)


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """Return a Markdown table; its cells are used as they are."""
    names = list(header)
    lines = [names, ["---"] * len(names), *rows]
    return [f"| {' | '.join(line)} |" for line in lines]


def _verdicts(comparison: Comparison) -> list[str]:
    rows = [
        (cell(each.contender), verdict_text(each), shares_text(each))
        for each in comparison.contenders
    ]
    return table(("contender", "verdict", "share of runs, 95 % interval"), rows)


def _too_few(comparison: Comparison) -> list[str]:
    lines = [f"- {cell(each)}" for each in seed_warnings(comparison)]
    return ["Too few seeds:", "", *lines, ""] if lines else []


def _metrics(comparison: Comparison) -> list[str]:
    rows = []
    for name in comparison.metric_names():
        found = [each for each in comparison.contenders if name in each.metrics]
        info = found[0].metrics[name].info
        scale = scale_for(info, [each.metrics[name].mean for each in found])
        for each in found:
            judged = comparison.pair(each.contender, name)
            gain = gain_text(info, judged).replace("*", "\\*") if judged else ""
            mean = scale.quantity(each.metrics[name].mean)
            rows.append((cell(name), cell(each.contender), mean, " ".join(gain.split())))
    return table(("metric", "contender", "mean", "against the first"), rows)
