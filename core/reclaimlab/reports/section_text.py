"""A plugin's section as lines for a mail: pure ASCII, 72 columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.policy.extensions import Table, Verbatim
from reclaimlab.reports.lines import WIDTH, plain, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reclaimlab.policy.extensions import Block
    from reclaimlab.runs.sections import Section


def section_lines(section: Section) -> list[str]:
    """Return the section under its title."""
    lines = ["-" * WIDTH, *wrapped(section.title)]
    for block in section.blocks:
        lines += ["", *_block(block)]
    if section.error:
        lines += ["", *wrapped(f"No section: {section.error}")]
    return lines


def _block(block: Block) -> list[str]:
    match block:
        case Table():
            return list(_table(block))
        case Verbatim(text):
            return [piece for line in text.split("\n") for piece in _cut(plain(line))]
        case _:
            return wrapped(block)


def _cut(line: str) -> list[str]:
    return [line[at : at + WIDTH].rstrip() for at in range(0, max(len(line), 1), WIDTH)]


def _table(table: Table) -> Iterator[str]:
    lines = [[plain(str(cell)) for cell in line] for line in (table.header, *table.rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    if sum(widths) + 2 * len(widths) <= WIDTH:
        for line in lines:
            cells = (f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True))
            yield "  ".join(cells).rstrip()
        return
    # Too wide for a mail: one entry a row, each cell under its title.
    header, *rows = lines
    for row in rows:
        for place, (title, cell) in enumerate(zip(header, row, strict=True)):
            yield from wrapped(f"{title}: {cell}", start="" if not place else "  ", indent="    ")
