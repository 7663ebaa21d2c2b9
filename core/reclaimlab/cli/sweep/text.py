"""A sweep as a table for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.cli.columns import format_table
from reclaimlab.measure.records import METRICS
from reclaimlab.runs.verdict import describe_counts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reclaimlab.sweep.table import PointSummary


def metric_text(name: str, value: float | None) -> str:
    """Return a metric's value with its unit, as short as reads well."""
    if value is None:
        return "-"
    unit = METRICS[name].unit if name in METRICS else ""
    if unit == "B/s":
        return f"{value / 1e6:.2f} MB/s"
    return f"{value:.4g}{'' if unit in ('', '1') else ' ' + unit}"


def shown_metric(decides: str) -> str:
    """Return what stands beside the verdict: what decides, unless a plugin brings that number.

    A sweep does not ask metrics of plugins.
    """
    return decides if decides in METRICS else "verdict"


def beside_verdict(metric: str) -> str:
    """Return what is shown beside the verdict: ``metric``, if it is not the verdict itself."""
    return "writer_throughput" if metric == "verdict" else metric


def text_table(points: Sequence[PointSummary], metric: str) -> str:
    """Return the table for a terminal; ``metric`` stands beside the verdict."""
    axes = list(points[0].settings) if points else []
    shown = beside_verdict(metric)
    rows = [
        (
            *(each.settings[axis] for axis in axes),
            each.contender,
            describe_counts(each.verdicts) if each.verdicts else f"failed {each.failed}",
            metric_text(shown, each.metrics.get(shown)),
        )
        for each in points
    ]
    return format_table((*axes, "contender", "verdict", shown), rows)
