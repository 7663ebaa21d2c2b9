"""Which plots stand where: a row a quantity, a column a contender, and the difference below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from reclaimlab.scenarios.reader import read_scenario
from reclaimlab_gui.models.panel import Line, Panel
from reclaimlab_gui.models.quantities import curve_of, first_stall_s, limits_mib

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reclaimlab.measure.records import Series
    from reclaimlab.store.records import RunRecord
    from reclaimlab_gui.models.quantities import Quantity

Alignment = Literal["start", "first stall", "incident", "marker A"]
ALIGNMENTS: tuple[Alignment, ...] = ("start", "first stall", "incident", "marker A")


@dataclass(frozen=True, slots=True)
class Arrangement:
    """How the plots are arranged."""

    overlay: bool = False
    difference: bool = True
    alignment: Alignment = "start"


@dataclass(frozen=True, slots=True)
class Shown:
    """One column's run, as far as plots need it."""

    label: str
    series: tuple[Series, ...]
    record: RunRecord | None
    marker_s: float | None = None
    """Where marker A stands, in time since the start."""

    def shift_s(self, alignment: Alignment) -> float:
        """Return what stands at 0 when aligned so (s since the start)."""
        if alignment == "first stall":
            return first_stall_s(self.series)
        if alignment == "incident":
            result = self.record.result if self.record else None
            return result.incident.time_ns / 1e9 if result and result.incident else 0.0
        return (self.marker_s or 0.0) if alignment == "marker A" else 0.0

    def limits(self, memcg: str) -> dict[str, float]:
        """Return the limits of a memcg (name -> MiB)."""
        if not memcg or self.record is None:
            return {}
        scenario = read_scenario(self.record.scenario_text, self.record.scenario)
        specs = {name: (spec.limit, spec.soft_limit) for name, spec in scenario.memcg.items()}
        return limits_mib(specs, memcg)


def panel_rows(
    quantities: Sequence[Quantity], columns: Sequence[Shown], how: Arrangement
) -> list[list[Panel | None]]:
    """Return the plots row by row."""
    shifts = [column.shift_s(how.alignment) for column in columns]
    found: list[list[Panel | None]] = []
    for quantity in quantities:
        lines = {
            place: Line(column.label, place, curve, shifts[place])
            for place, column in enumerate(columns)
            if (curve := curve_of(quantity, column.series)) is not None
        }
        limits = columns[0].limits(quantity.memcg)
        found.append(_levels(quantity, lines, limits, columns, overlay=how.overlay))
        if how.difference and len(lines) > 1 and 0 in lines:
            found.append(_differences(quantity, lines, len(columns), overlay=how.overlay))
    return found


def _levels(
    quantity: Quantity,
    lines: Mapping[int, Line],
    limits: Mapping[str, float],
    columns: Sequence[Shown],
    *,
    overlay: bool,
) -> list[Panel | None]:
    if overlay:
        return [Panel(quantity.title, quantity.unit, 0, tuple(lines.values()), limits)]
    return [
        Panel(quantity.title, quantity.unit, place, (lines[place],), limits)
        if place in lines
        else None
        for place in range(len(columns))
    ]


def _differences(
    quantity: Quantity, lines: Mapping[int, Line], count: int, *, overlay: bool
) -> list[Panel | None]:
    base = lines[0]
    found: dict[int, Line] = {}
    for place, line in lines.items():
        if place:
            # Both on the axis of what is aligned: the difference is of the same moment there.
            aligned = line.curve.shifted(-line.shift_s)
            curve = aligned.minus(base.curve.shifted(-base.shift_s))
            found[place] = Line(f"{line.label} minus {base.label}", place, curve)
    title = f"Difference: {quantity.title[:1].lower()}{quantity.title[1:]}"
    if overlay:
        return [Panel(title, quantity.unit, 0, tuple(found.values()), is_difference=True)]
    return [
        Panel(title, quantity.unit, place, (found[place],), is_difference=True)
        if place in found
        else None
        for place in range(count)
    ]
