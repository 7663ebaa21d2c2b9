"""The matrix of the README: which contender comes to which verdict on which scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.measure.records import Verdict
from reclaimlab.reports.markdown import cell, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reclaimlab.runs.comparison import Comparison, ContenderSummary


def verdict_matrix(comparisons: Sequence[Comparison]) -> str:
    """Return a Markdown table: one row a contender, one column a scenario.

    Rows and columns stand in the order in which they come up. A cell is the worst verdict, with
    counts unless all seeds agree; it is empty where the two were not compared. If a cell comes up
    twice, the later comparison counts.
    """
    scenarios = list(dict.fromkeys(each.head.scenario for each in comparisons))
    names = list(dict.fromkeys(name for each in comparisons for name in each.head.contenders))
    cells = {
        (summary.contender, each.head.scenario): verdict_cell(summary)
        for each in comparisons
        for summary in each.contenders
    }
    rows = [
        (cell(name), *(cells.get((name, scenario), "") for scenario in scenarios)) for name in names
    ]
    return "\n".join(table(("contender", *map(cell, scenarios)), rows)) + "\n"


def verdict_cell(summary: ContenderSummary) -> str:
    """Return a contender's verdict in few letters: ``ok``, ``**deadlock** 18/20``, ``failed``."""
    if summary.verdict is None:
        return "failed" if summary.failures else ""
    total = sum(summary.verdicts.values())
    count = summary.verdicts[summary.verdict]
    word = "ok" if summary.verdict is Verdict.OK else f"**{summary.verdict}**"
    failed = f", {len(summary.failures)} failed" if summary.failures else ""
    return f"{word}{'' if count == total else f' {count}/{total}'}{failed}"
