"""The metrics of columns side by side, with the gain on the baseline and its judgement."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from reclaimlab.reports.numbers import gain_percent, scale_for
from reclaimlab.stats.judgement import Judgement
from reclaimlab_gui.models.table import Cell, Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reclaimlab.measure.records import MetricInfo
    from reclaimlab.reports.numbers import Scale
    from reclaimlab.runs.comparison import Comparison, MetricSummary
    from reclaimlab.stats.judgement import Judged
    from reclaimlab_gui.models.side_by_side import SideBySide


def metric_header(shown: SideBySide) -> list[str]:
    """Return the titles: the metric, each column, the gain of each column on the first."""
    labels = shown.short_labels
    return ["metric", *labels, *(f"gain {label}" for label in labels[1:])]


def metric_rows(shown: SideBySide) -> list[Row]:
    """Return a row a metric: mean and 95 % interval of each column, then the gains."""
    labels = [column.label for column in shown.columns]
    return [_row(shown.comparison, name, labels) for name in shown.comparison.metric_names()]


def _row(comparison: Comparison, name: str, labels: Sequence[str]) -> Row:
    by_label = {each.contender: each.metrics.get(name) for each in comparison.contenders}
    info = next(summary.info for summary in by_label.values() if summary)
    means = [summary.mean for label in labels if (summary := by_label.get(label))]
    scale = scale_for(info, means)
    decides = name == comparison.head.decides
    tip = f"{info.doc}; {info.better} is better" + ("; this one decides" if decides else "")
    title = f"{name} ({scale.unit or '1'}){' - decides' if decides else ''}"
    gains = [_gain(info, comparison.pair(label, name)) for label in labels[1:]]
    return Row(
        (
            Cell(title, name, tip),
            *(_mean(by_label.get(label), scale) for label in labels),
            *gains,
        ),
        key=name,
        differs=any(each.kind in (Judgement.BETTER, Judgement.WORSE) for each in gains),
    )


def _mean(summary: MetricSummary | None, scale: Scale) -> Cell:
    if summary is None:
        return Cell("-", -inf, "no run has this metric", right=True)
    low, high = (scale.number(bound) for bound in summary.ci95)
    tip = f"mean of {summary.n} seeds; 95 % interval {low} to {high} {scale.unit}"
    return Cell(f"{scale.number(summary.mean)} [{low}, {high}]", summary.mean, tip, right=True)


def _gain(info: MetricInfo, judged: Judged | None) -> Cell:
    if judged is None:
        return Cell("-", -1.0, "no seed has both runs", right=True)
    gain = gain_percent(info, judged)
    word = str(judged.judgement)
    if gain is None:
        return Cell(f"n/a  {word}", -1.0, "the baseline is 0", word, right=True)
    interval = ""
    if judged.ci95 is not None:
        low, high = (100 * (bound - 1) for bound in judged.ci95)
        interval = f"; change of the mean, 95 % interval {low:+.1f} % to {high:+.1f} %"
    mark = "~ " if judged.judgement is Judgement.CANNOT_TELL and gain else ""
    tip = f"positive is better{interval}; p = {judged.p:.3g}"
    return Cell(f"{mark}{gain:+.2f} %  {word}", abs(gain), tip, word, right=True)
