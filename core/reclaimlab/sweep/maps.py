"""A sweep over a grid as maps, one a contender: rows, columns, and what stands in each cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reclaimlab.sweep.values import SweepError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reclaimlab.measure.records import Verdict
    from reclaimlab.store.sweeps import SweepHead
    from reclaimlab.sweep.table import PointSummary


@dataclass(frozen=True, slots=True)
class SweepMap:
    """One contender: the first axis goes up, the second to the right.

    Over further axes the worst verdict counts, and a metric's mean is taken.
    """

    contender: str
    up: str
    right: str
    """Empty if there is one axis only."""
    rows: tuple[str, ...]
    """Values of ``up``, the lowest first."""
    columns: tuple[str, ...]
    cells: Mapping[tuple[int, int], Sequence[PointSummary]]

    def verdict(self, row: int, column: int) -> Verdict | None:
        """Return the worst verdict of a cell; None without a run that has one."""
        found = self.cells.get((row, column), ())
        verdicts = [each.verdict for each in found if each.verdict]
        return min(verdicts, key=lambda each: each.severity, default=None)

    def value(self, row: int, column: int, metric: str) -> float | None:
        """Return the mean of a metric in a cell, in its own unit; None if no run has it."""
        found = self.cells.get((row, column), ())
        values = [each.metrics[metric] for each in found if metric in each.metrics]
        return sum(values) / len(values) if values else None

    def places(self) -> Iterator[tuple[int, int]]:
        """Yield row and column of each cell, from below and from the left."""
        for row in range(len(self.rows)):
            for column in range(len(self.columns)):
                yield row, column


def maps_of(head: SweepHead, points: Sequence[PointSummary]) -> list[SweepMap]:
    """Return the map of each contender.

    Raises:
        SweepError: no axis, or a design that is no grid.
    """
    axes = list(head.spec["axes"])
    if not axes or head.spec["design"] != "grid":
        msg = f"sweep {head.id} is no grid, so there is no map of it; --format csv has its runs"
        raise SweepError(msg)
    up, right = axes[0], axes[1] if len(axes) > 1 else ""
    names = dict.fromkeys(each.contender for each in points)
    return [_map(name, up, right, [e for e in points if e.contender == name]) for name in names]


def _map(contender: str, up: str, right: str, points: Sequence[PointSummary]) -> SweepMap:
    rows = tuple(dict.fromkeys(each.settings[up] for each in points))
    columns = tuple(dict.fromkeys(each.settings.get(right, "") for each in points))
    cells: dict[tuple[int, int], list[PointSummary]] = {}
    for each in points:
        place = rows.index(each.settings[up]), columns.index(each.settings.get(right, ""))
        cells.setdefault(place, []).append(each)
    return SweepMap(contender, up, right, rows, columns, cells)
