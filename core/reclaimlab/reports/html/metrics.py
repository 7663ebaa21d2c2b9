"""A table a metric: every contender with its numbers, and what is judged of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.reports.html.markup import Markup, joined, table, tag
from reclaimlab.reports.numbers import Scale, gain_percent, scale_for
from reclaimlab.stats.judgement import Judgement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reclaimlab.runs.comparison import Comparison, ContenderSummary
    from reclaimlab.stats.judgement import Judged

_LEGEND = (
    "Pairs of runs share a seed. Intervals are 95 % bootstrap intervals over seeds. The ratio is "
    "to the first contender; gain is positive where the contender is better. Effect is the mean "
    "difference in standard deviations of the differences (d_z). p is of the sign-flip "
    "permutation test, before Holm's correction over the metrics, which the judgement applies."
)


def metric_title(comparison: Comparison, name: str) -> str:
    """Return the metric with its unit and direction."""
    found = [each.metrics[name] for each in comparison.contenders if name in each.metrics]
    scale = scale_for(found[0].info, [each.mean for each in found])
    unit = f"{scale.unit}, " if scale.unit else ""
    return f"{name} ({unit}{found[0].info.better} is better)"


def metric_sections(comparison: Comparison) -> Iterator[Markup]:
    """Yield the heading and a table a metric."""
    names = comparison.metric_names()
    if names:
        yield joined([tag("h2", "Metrics"), tag("p", _LEGEND)])
    for name in names:
        yield tag("section", _table(comparison, name), id=f"m-{name}")


def _table(comparison: Comparison, name: str) -> Markup:
    means = [each.metrics[name].mean for each in comparison.contenders if name in each.metrics]
    info = next(each.metrics[name].info for each in comparison.contenders if name in each.metrics)
    scale = scale_for(info, means)
    unit = f" ({scale.unit})" if scale.unit else ""
    header = (
        "contender", "judgement", "gain (%)", f"mean{unit}", f"interval of mean{unit}",
        f"median{unit}", f"spread, sd{unit}", "ratio", "interval of ratio", "effect (sd)", "p",
        "seeds",
    )  # fmt: skip
    rows = [_row(comparison, each, name, scale) for each in comparison.contenders]
    return table(metric_title(comparison, name), header, rows)


def _row(
    comparison: Comparison, contender: ContenderSummary, name: str, scale: Scale
) -> tuple[str, ...]:
    metric = contender.metrics.get(name)
    if metric is None:
        return (contender.contender, *["-"] * 11)
    low, high = map(scale.number, metric.ci95)
    values = (
        scale.number(metric.mean),
        f"{low} to {high}",
        scale.number(metric.median),
        scale.number(metric.sd),
    )
    judged = comparison.pair(contender.contender, name)
    seeds = str(metric.n)
    if judged is None:
        return (contender.contender, "baseline", "-", *values, *["-"] * 4, seeds)
    gain = _number(gain_percent(metric.info, judged), "+.2f")
    return (contender.contender, _word(judged), gain, *values, *_against(judged), seeds)


def _word(judged: Judged) -> Markup:
    styles = {Judgement.BETTER: "good", Judgement.WORSE: "bad", Judgement.CANNOT_TELL: "unsure"}
    return tag("span", str(judged.judgement), class_=styles[judged.judgement])


def _against(judged: Judged) -> tuple[str, ...]:
    interval = "-" if judged.ci95 is None else " to ".join(f"{end:.3f}" for end in judged.ci95)
    return (
        _number(judged.ratio, ".3f"),
        interval,
        _number(judged.effect, "+.2f"),
        _number(judged.p, ".4g"),
    )


def _number(value: float | None, style: str) -> str:
    return "-" if value is None else f"{value:{style}}"
