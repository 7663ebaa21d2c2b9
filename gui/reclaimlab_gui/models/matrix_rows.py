"""Scenarios times contenders: the worst verdict of each cell, over every stored comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.measure.records import Verdict
from reclaimlab_gui.models.table import Cell, Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reclaimlab.store.records import VerdictCell


def matrix_rows(found: Sequence[VerdictCell]) -> tuple[list[str], list[Row]]:
    """Return the header and a row a scenario; a cell's key is its comparison and contender."""
    contenders = sorted(
        {each.contender for each in found}, key=lambda name: (name.count("+"), name)
    )
    worst: dict[tuple[str, str], VerdictCell] = {}
    for each in found:
        place = (each.scenario, each.contender)
        if place not in worst or _severity(each) < _severity(worst[place]):
            worst[place] = each
    rows = []
    for scenario in sorted({each.scenario for each in found}):
        cells = [worst.get((scenario, contender)) for contender in contenders]
        rows.append(Row((Cell(scenario), *map(_cell, cells)), key=tuple(cells)))
    return ["scenario", *contenders], rows


def _severity(cell: VerdictCell) -> int:
    return Verdict(cell.verdict).severity


def _cell(found: VerdictCell | None) -> Cell:
    if found is None:
        return Cell("", len(Verdict), "not run")
    share = f"{found.verdict} in {found.count} of {found.runs} runs"
    return Cell(
        f"{found.verdict} {found.count}/{found.runs}",
        _severity(found),
        f"{found.scenario}, {found.contender}: {share} of comparison {found.comparison}",
        found.verdict,
    )
