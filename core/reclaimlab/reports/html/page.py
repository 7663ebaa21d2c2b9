"""The HTML report: verdicts, metrics, evidence, series, settings, and how to make it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.policy.extensions import Table, Verbatim
from reclaimlab.reports.evidence import NOTHING, Evidence
from reclaimlab.reports.html.document import document
from reclaimlab.reports.html.evidence import incident_sections
from reclaimlab.reports.html.markup import Markup, block, joined, table, tag
from reclaimlab.reports.html.metrics import metric_sections, metric_title
from reclaimlab.reports.html.plot import plot
from reclaimlab.reports.reproduce import reproduce_lines
from reclaimlab.reports.shares import shares_text
from reclaimlab.reports.text import seeds_text, verdict_text, versions_text
from reclaimlab.runs.seeds_needed import seed_warnings

if TYPE_CHECKING:
    from reclaimlab.policy.extensions import Block
    from reclaimlab.runs.comparison import Comparison
    from reclaimlab.runs.sections import Section


def html_report(comparison: Comparison, evidence: Evidence = NOTHING) -> str:
    """Return the report as one HTML document; the same arguments give the same bytes."""
    title = f"{comparison.head.scenario}: {comparison.head.title}"
    return document(title, _sections(comparison, evidence), script="script.js")


def _sections(comparison: Comparison, evidence: Evidence) -> list[Markup]:
    return [
        _facts(comparison, evidence),
        _warnings(comparison),
        _verdicts(comparison),
        _contents(comparison),
        *metric_sections(comparison),
        *incident_sections(comparison),
        _series(evidence),
        *map(_section, evidence.sections),
        _faults(evidence.faults(comparison)),
        _settings(comparison, evidence),
        _reproduce(comparison, evidence),
    ]


def _facts(comparison: Comparison, evidence: Evidence) -> Markup:
    head = comparison.head
    facts = {
        "Decides": head.decides,
        "Seeds": seeds_text(head.seeds),
        "Comparison": comparison.id,
        "Versions": versions_text(comparison),
        "Scenario hash": head.scenario_hash,
        "Tags": ", ".join(evidence.tags),
        "Notes": "; ".join(evidence.notes),
    }
    if comparison.stored_runs < head.planned_runs:
        facts["Incomplete"] = f"{comparison.stored_runs} of {head.planned_runs} runs"
    pairs = [(tag("dt", name), tag("dd", fact)) for name, fact in facts.items() if fact]
    return tag("dl", *(each for pair in pairs for each in pair))


def _warnings(comparison: Comparison) -> Markup:
    warnings = seed_warnings(comparison)
    if not warnings:
        return Markup()
    listed = tag("ul", *(tag("li", each) for each in warnings))
    return tag("div", tag("strong", "Too few seeds"), listed, class_="warning", role="note")


def _verdicts(comparison: Comparison) -> Markup:
    rows = [
        (each.contender, _coloured(verdict_text(each), str(each.verdict)), shares_text(each))
        for each in comparison.contenders
    ]
    header = ("contender", "verdict over the seeds", "share of runs, 95 % interval (Wilson)")
    made = table("Verdict of each contender", header, rows, class_="sortable words")
    return joined([tag("h2", "Verdicts", id="verdicts"), made])


def _coloured(words: str, verdict: str) -> Markup:
    return tag("span", words, class_="good" if verdict == "ok" else "bad")


def _contents(comparison: Comparison) -> Markup:
    entries = [
        tag("li", tag("a", metric_title(comparison, name), href=f"#m-{name}"))
        for name in comparison.metric_names()
    ]
    return tag("nav", tag("ul", *entries), aria_label="Metrics") if entries else Markup()


def _series(evidence: Evidence) -> Markup:
    drawn = []
    names = dict.fromkeys(each.name for found in evidence.series.values() for each in found)
    for name in names:
        lines = {
            contender: each
            for contender, found in evidence.series.items()
            for each in found
            if each.name == name and each.times_ns
        }
        if lines:
            drawn.append(plot(name, lines))
    if not drawn:
        return Markup()
    words = "Of the run that shows each contender's incident, else of the first seed."
    return joined([tag("h2", "Series"), tag("p", words), tag("div", *drawn, class_="plots")])


def _section(section: Section) -> Markup:
    parts = [tag("h2", section.title), *map(_block, section.blocks)]
    if section.error:
        parts.append(tag("p", f"No section: {section.error}", class_="bad"))
    return tag("section", *parts)


def _block(made: Block) -> Markup:
    match made:
        case Table(header, rows):
            lines = ([str(cell) for cell in row] for row in rows)
            return table(", ".join(header), header, lines, class_="sortable words")
        case Verbatim(text):
            return block(text)
        case _:
            return tag("p", made)


def _faults(faults: tuple[str, ...]) -> Markup:
    if not faults:
        return Markup()
    listed = tag("ul", *(tag("li", each) for each in faults))
    return tag("div", tag("strong", "Plugins at fault"), listed, class_="warning", role="note")


def _settings(comparison: Comparison, evidence: Evidence) -> Markup:
    settings = evidence.settings(comparison.head.scenario)
    if not settings:
        return Markup()
    parts = [tag("h2", "Settings")]
    changed = [(each.path, each.value, each.usual) for each in settings if each.usual is not None]
    if changed:
        header = ("setting", "here", "built-in scenario")
        parts.append(
            table("Differences from the built-in scenario", header, changed, class_="words")
        )
    rows = [(each.path, each.value) for each in settings]
    whole = table("Every setting of the scenario", ("setting", "value"), rows, class_="words")
    return joined([*parts, tag("details", tag("summary", f"All {len(rows)} settings"), whole)])


def _reproduce(comparison: Comparison, evidence: Evidence) -> Markup:
    parts = [
        tag("h2", "How to make it again"),
        block("\n".join(reproduce_lines(comparison, evidence))),
    ]
    if evidence.scenario_text:
        shown = block(evidence.scenario_text.rstrip("\n"))
        parts.append(tag("details", tag("summary", "The scenario, as a file"), shown))
    return joined(parts)
