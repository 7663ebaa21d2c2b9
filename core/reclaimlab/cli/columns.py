"""Tables for a terminal or a pipe: columns as wide as their widest cell, and nothing drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_GAP = "  "


def format_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return the table, one line a row; a cell with a newline is put on one line."""
    lines = [header, *rows]
    cells = [[" ".join(cell.split()) for cell in line] for line in lines]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        _GAP.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    )
