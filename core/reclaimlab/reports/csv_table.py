"""A comparison as CSV: one row a contender and metric, for a spreadsheet."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from reclaimlab.reports.inert import spreadsheet_cell

if TYPE_CHECKING:
    from reclaimlab.runs.comparison import Comparison

_COLUMNS = (
    "scenario", "contender", "verdict", "metric", "unit", "better", "mean", "median", "ci95_low",
    "ci95_high", "n", "ratio_to_baseline", "p", "judgement", "sd", "effect",
)  # fmt: skip


def csv_report(comparison: Comparison) -> str:
    """Return the table, with a header line; the baseline has no ratio."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(_COLUMNS)
    for contender in comparison.contenders:
        names = map(spreadsheet_cell, (comparison.head.scenario, contender.contender))
        start = (*names, contender.verdict or "")
        for name, metric in contender.metrics.items():
            judged = comparison.pair(contender.contender, name)
            against = (judged.ratio, judged.p, judged.judgement) if judged else ("", "", "")
            effect = judged.effect if judged else ""
            told = map(spreadsheet_cell, (name, metric.info.unit, metric.info.better))
            table.writerow(
                (*start, *told, metric.mean, metric.median,
                 *metric.ci95, metric.n, *against, metric.sd, effect)
            )  # fmt: skip
    return text.getvalue()
