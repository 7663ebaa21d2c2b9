"""A sweep as one HTML page: a map of verdicts and of a metric for each contender."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final

from reclaimlab.measure.records import METRICS
from reclaimlab.reports.html.document import document
from reclaimlab.reports.html.markup import Markup, block, tag
from reclaimlab.reports.inert import inert
from reclaimlab.reports.numbers import scale_for
from reclaimlab.reports.text import seeds_text
from reclaimlab.runs.verdict import describe_counts
from reclaimlab.sweep.maps import SweepMap, maps_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reclaimlab.store.sweeps import SweepHead
    from reclaimlab.sweep.table import PointSummary

_STEPS: Final = 8
"""Colours of a metric, from its least to its greatest value in all maps."""
Cell = tuple[str, str]
"""What stands in it, and its class."""


def heatmap_page(head: SweepHead, points: Sequence[PointSummary], metric: str) -> str:
    """Return the page; beside the verdict it shows ``metric``.

    Raises:
        SweepError: no axis, or a design that is no grid.
    """
    maps = maps_of(head, points)
    sections = [
        _facts(head, points),
        tag("h2", "Verdicts"),
        tag("p", "Of several seeds, the worst verdict gives the colour."),
        *(_table(each, f"{each.contender}: verdict", _verdict_cell(each)) for each in maps),
        tag("h2", metric),
        *_metric_tables(maps, metric),
        tag("h2", "How to make it again"),
        block("\n".join(again_lines(head))),
    ]
    title = f"{head.scenario}: {head.title}"
    return document(title, sections, styles=("style.css", "map.css"))


def _facts(head: SweepHead, points: Sequence[PointSummary]) -> Markup:
    runs = sum(sum(each.verdicts.values()) + each.failed for each in points)
    facts = {
        "Sweep": head.id,
        "Decides": head.decides,
        "Seeds": seeds_text(tuple(head.spec["seeds"])),
        "Varied": ", ".join(head.spec["vary"]),
        "Runs": f"{runs} of {head.planned_runs}",
        "reclaimlab": head.package_version,
    }
    pairs = [(tag("dt", name), tag("dd", fact)) for name, fact in facts.items()]
    return tag("dl", *(each for pair in pairs for each in pair))


def _verdict_cell(shown: SweepMap) -> Callable[[int, int], Cell]:
    def cell(row: int, column: int) -> Cell:
        verdict = shown.verdict(row, column)
        found = shown.cells.get((row, column), ())
        if verdict is None:
            return ("failed" if found else "-"), "none"
        counts = {name: 0 for each in found for name in each.verdicts}
        for each in found:
            for name, count in each.verdicts.items():
                counts[name] += count
        return describe_counts(counts), str(verdict)

    return cell


def _metric_tables(maps: Sequence[SweepMap], metric: str) -> list[Markup]:
    info = METRICS[metric]
    values = [
        value
        for each in maps
        for place in each.places()
        if (value := each.value(*place, metric)) is not None
    ]
    scale = scale_for(info, values)
    low, high = min(values, default=0.0), max(values, default=0.0)

    def cell_of(shown: SweepMap) -> Callable[[int, int], Cell]:
        def cell(row: int, column: int) -> Cell:
            value = shown.value(row, column, metric)
            if value is None:
                return "-", "none"
            step = int((value - low) / (high - low) * (_STEPS - 1) + 0.5) if high > low else 0
            return scale.number(value), f"v{step}"

        return cell

    unit = f" ({scale.unit})" if scale.unit else ""
    told = f"{info.better} is better; dark is {scale.quantity(low)}, light {scale.quantity(high)}"
    return [
        tag("p", f"Mean over the seeds; {told}."),
        *(_table(each, f"{each.contender}: {metric}{unit}", cell_of(each)) for each in maps),
    ]


def _table(shown: SweepMap, caption: str, cell: Callable[[int, int], Cell]) -> Markup:
    corner = f"{shown.up} \\ {shown.right}" if shown.right else shown.up
    heads = [tag("th", name, scope="col") for name in (corner, *shown.columns)]
    rows = []
    for row in reversed(range(len(shown.rows))):
        cells = [cell(row, column) for column in range(len(shown.columns))]
        made = [tag("td", words, class_=name) for words, name in cells]
        rows.append(tag("tr", tag("th", shown.rows[row], scope="row"), *made))
    made_table = tag(
        "table", tag("caption", caption), tag("thead", tag("tr", *heads)), tag("tbody", *rows),
        class_="map",
    )  # fmt: skip
    return tag("div", made_table, class_="wide", tabindex="0", role="region", aria_label=caption)


def again_lines(head: SweepHead) -> list[str]:
    """Return the commands that show the sweep and make it again."""
    spec = head.spec
    seeds = spec["seeds"]
    words = [
        "reclaimlab", "sweep", "run", spec["scenario"],
        *(word for each in spec["contenders"] for word in ("-c", each)),
        *(word for each in spec["vary"] for word in ("--vary", each)),
        *(word for each in spec["settings"] for word in ("--set", each)),
        "--seed", str(seeds[0]), "--seeds", str(len(seeds)),
    ]  # fmt: skip
    return [inert(f"reclaimlab sweep show {head.id}"), inert(shlex.join(words))]
