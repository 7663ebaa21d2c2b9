"""Recordings against runs: a row a recording, the numbers of one, the targets, and its plots."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np

from reclaimlab.reports.validation import SHOWN, TARGET_HEAD, recording_row, target_rows
from reclaimlab.reports.validation_html import series_of
from reclaimlab.validate.quantities import QUANTITIES
from reclaimlab_gui.models.panel import Line, Panel
from reclaimlab_gui.models.quantities import Curve
from reclaimlab_gui.models.table import Cell, Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reclaimlab.validate.compare import Compared, Result

RECORDING_HEADER: Final = (
    "recording", "state", *(f"{name}" for name in SHOWN.values()), "blocked in",
)  # fmt: skip
NUMBER_HEADER: Final = ("number", "unit", "measured", "simulated", "error", "meaning")
_POWER: Final = re.compile(r"[\d.]+e\+\d+")
_TARGET_KINDS: Final = {"met": "better", "missed": "worse"}


def waiting_row(name: str, state: str = "waiting", told: str = "") -> Row:
    """Return the row of a recording that has no result."""
    kind = "fault" if told else ""
    cells = [Cell(name), Cell(state, kind=kind), Cell(told, tip=told, kind=kind)]
    cells += [Cell("")] * (len(RECORDING_HEADER) - len(cells))
    return Row(tuple(cells), key=name)


def result_row(result: Result) -> Row:
    """Return the row of a recording that was simulated; each cell is measured/simulated."""
    name, *cells = recording_row(result)
    right = result.kill_is_right and result.blocking_is_right is not False
    state = Cell("as measured" if right else "differs", kind="" if right else "worse")
    numbers = [Cell(_POWER.sub(_plain, text), right=True) for text in cells[:-1]]
    return Row((Cell(name), state, *numbers, Cell(cells[-1])), key=name)


def number_rows(result: Result) -> list[Row]:
    """Return a row a number of one recording, the largest error first."""
    return sorted((_number(each) for each in result.numbers), key=_error, reverse=True)


def target_table(results: Sequence[Result]) -> tuple[tuple[str, ...], list[Row]]:
    """Return the header and the rows of the targets; none before there is a result."""
    rows = target_rows(results) if results else ()
    return TARGET_HEAD, [
        Row((*map(Cell, cells), Cell(met, kind=_TARGET_KINDS.get(met, ""))), key=cells[0])
        for *cells, met in rows
    ]


def recording_panels(result: Result) -> list[list[Panel | None]]:
    """Return the plots of one recording, measured and simulated on each, one below the other."""
    return [
        [
            Panel(
                title[:1].upper() + title[1:],
                unit,
                0,
                tuple(
                    Line(line.name, place, Curve(np.array(line.times_s), np.array(line.values)))
                    for place, line in enumerate(reversed(lines))
                ),
            )
        ]
        for title, unit, lines in series_of(result)
    ]


def _plain(power: re.Match[str]) -> str:
    return f"{float(power[0]):.0f}"


def _number(number: Compared) -> Row:
    quantity = QUANTITIES.get(number.name)
    ours = "-" if number.simulated is None else _short(number.simulated)
    if number.error is None:
        error = ""
    elif quantity is not None and quantity.error == "factor":
        error = f"{number.error:.2f} times"
    else:
        error = f"{number.error:+.1%}"
    return Row(
        (
            Cell(number.name),
            Cell(number.unit),
            Cell(_short(number.measured), number.measured, right=True),
            Cell(ours, number.simulated, right=True),
            Cell(error, _size(number), right=True),
            Cell(quantity.doc if quantity else "difference of the shares of the writers' time"),
        ),
        key=number.name,
    )


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1e4 else f"{value:.4g}"


def _size(number: Compared) -> float:
    quantity = QUANTITIES.get(number.name)
    if number.error is None:
        return -1.0
    factor = quantity is not None and quantity.error == "factor"
    return number.error - 1 if factor else abs(number.error)


def _error(row: Row) -> float:
    return float(row.cells[4].sort or 0.0)
