"""What the curves are at markers A and B, and how much they change in between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reclaimlab_gui.models.table import Cell, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reclaimlab_gui.models.panel import Panel

MARKER_HEADER: Final = ("quantity", "contender", "at A", "at B", "B - A", "per second")


def marker_rows(panels: Sequence[Panel], at: Callable[[str, int], float | None]) -> list[Row]:
    """Return a row a curve; ``at`` says where a marker stands in a column (s on its axis)."""
    rows = []
    for panel in panels:
        a, b = at("A", panel.column), at("B", panel.column)
        for line in panel.lines:
            values = [
                None if time_s is None else line.curve.at(time_s + line.shift_s)
                for time_s in (a, b)
            ]
            first, second = values
            both = first is not None and second is not None
            change = second - first if first is not None and second is not None else None
            span = b - a if both and a is not None and b is not None else None
            rate = change / span if change is not None and span else None
            title = f"{panel.title} ({panel.unit})"
            cells = (first, second, change, rate)
            rows.append(Row((Cell(title), Cell(line.label), *map(_number, cells))))
    return rows


def _number(value: float | None) -> Cell:
    return Cell("-" if value is None else f"{value:,.3f}", value, right=True)
