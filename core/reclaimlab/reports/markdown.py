"""A comparison as Markdown: verdicts and metrics as tables, incidents as code blocks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reclaimlab.policy.extensions import Table, Verbatim
from reclaimlab.reports.evidence import NOTHING, Evidence
from reclaimlab.reports.incident_text import incident_lines
from reclaimlab.reports.inert import inert
from reclaimlab.reports.numbers import effect_text, gain_text, scale_for
from reclaimlab.reports.shares import shares_text
from reclaimlab.reports.text import seeds_text, verdict_text, versions_text
from reclaimlab.runs.seeds_needed import seed_warnings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reclaimlab.runs.comparison import Comparison
    from reclaimlab.runs.sections import Section


def markdown_report(comparison: Comparison, evidence: Evidence = NOTHING) -> str:
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
        *_listed("Tags", evidence.tags),
        *_listed("Notes", evidence.notes),
        *_verdicts(comparison),
        "",
        *_listed("Too few seeds", seed_warnings(comparison)),
        *_metrics(comparison),
    ]
    for contender in comparison.contenders:
        if contender.incident is not None:
            seed = contender.incident_seed
            told = incident_lines(contender.incident, contender.contender, seed)
            lines += ["", *_fenced(told)]
    for section in evidence.sections:
        lines += ["", *_section(section)]
    lines += ["", *_listed("Plugins at fault", evidence.faults(comparison))]
    return "\n".join(lines).rstrip() + "\n"


def _listed(title: str, told: Iterable[str]) -> list[str]:
    lines = [f"- {cell(each)}" for each in told]
    return [f"{title}:", "", *lines, ""] if lines else []


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


def _metrics(comparison: Comparison) -> list[str]:
    rows = []
    for name in comparison.metric_names():
        found = [each for each in comparison.contenders if name in each.metrics]
        info = found[0].metrics[name].info
        scale = scale_for(info, [each.metrics[name].mean for each in found])
        for each in found:
            judged = comparison.pair(each.contender, name)
            gain = gain_text(info, judged).replace("*", "\\*") if judged else ""
            mean = cell(scale.quantity(each.metrics[name].mean))
            against = " ".join(gain.split())
            rows.append((cell(name), cell(each.contender), mean, against, effect_text(judged)))
    return table(("metric", "contender", "mean", "against the first", "effect (sd)"), rows)


def _fenced(lines: list[str]) -> list[str]:
    """Return lines as a code block that none of them can end."""
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [fence, *lines, fence]


def _section(section: Section) -> Iterator[str]:
    yield f"## {cell(section.title)}"
    for block in section.blocks:
        yield ""
        match block:
            case Table(header, rows):
                yield from table(map(cell, header), ([cell(str(c)) for c in row] for row in rows))
            case Verbatim(text):
                # Indented, because no text of a plugin can end such a block.
                yield from (f"    {inert(line)}" for line in text.split("\n"))
            case _:
                yield paragraph(block)


def paragraph(text: str) -> str:
    """Return ``text`` as a paragraph that nothing at its start makes a list, title or quote."""
    made = cell(text)
    start = re.match(r"(\d+(?=[.)])|(?=[-+#=~>]))", made)
    return f"{start[0]}\\{made[start.end() :]}" if start else made
