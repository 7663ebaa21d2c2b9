"""The incident of each contender: who waits for whom, drawn, and every stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.reports.html.cycle import cycle_figure
from reclaimlab.reports.html.markup import Markup, block, joined, table, tag
from reclaimlab.reports.incident_text import incident_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reclaimlab.measure.records import Incident
    from reclaimlab.runs.comparison import Comparison, ContenderSummary


def incident_sections(comparison: Comparison) -> Iterator[Markup]:
    """Yield the evidence of each contender that has some."""
    shown = [each for each in comparison.contenders if each.incident or each.failures]
    if shown:
        yield tag("h2", "Incidents")
    for contender in shown:
        yield tag("section", tag("h3", contender.contender), *_parts(contender))


def _parts(contender: ContenderSummary) -> Iterator[Markup]:
    for record in contender.failures:
        yield tag("p", f"seed {record.seed} failed: {record.error}", class_="bad")
    incident = contender.incident
    if incident is None:
        return
    seed = contender.incident_seed
    yield tag(
        "p", f"{incident.verdict} at {incident.time_ns / 1e9:.3f} s, seed {seed}. {incident.note}"
    )
    if incident.cycle:
        yield cycle_figure(incident.cycle, frozenset(task.name for task in incident.tasks))
    if incident.tasks:
        yield _tasks(incident)
    told = "\n".join(incident_lines(incident, contender.contender, seed))
    summary = tag("summary", "All stacks, as the kernel would print them")
    yield joined([tag("details", summary, block(told))])


def _tasks(incident: Incident) -> Markup:
    rows = [
        (task.name, task.state, f"{task.since_s:.3f}", task.waits_for or "-", _top(task.stack))
        for task in incident.tasks
    ]
    header = ("task", "state", "for (s)", "waits for", "innermost functions")
    return table("Tasks of the incident", header, rows, class_="sortable words")


def _top(stack: tuple[str, ...]) -> str:
    return " < ".join(stack[:4]) or "-"
