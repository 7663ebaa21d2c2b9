"""The generated blocks of a README, each between ``<!-- NAME -->`` and ``<!-- end of NAME -->``.

``reclaimlab matrix -o FILE.json --readme README.md`` brings them up to date.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reclaimlab.errors import ReclaimlabError
from reclaimlab.reports.accuracy import accuracy_tables
from reclaimlab.reports.fix_table import fix_tables
from reclaimlab.reports.incident_example import incident_example
from reclaimlab.reports.matrix import matrix_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from reclaimlab.runs.grid import Grid


def blocks(grid: Grid) -> Mapping[str, Callable[[], str]]:
    """Return what makes each block, by name; the accuracy takes some seconds, for it runs."""
    return {
        "incident": incident_example,
        "matrix": lambda: matrix_tables(grid),
        "fixes": lambda: fix_tables(grid),
        "accuracy": accuracy_tables,
    }


def block_of(text: str, name: str) -> str | None:
    """Return what stands between the marks ``name`` in ``text``; None without the marks."""
    found = _marked(name).search(text)
    return found and found["block"]


def refresh_readme(path: Path, grid: Grid) -> None:
    """Make the blocks that ``path`` has marks for anew.

    Raises:
        ReclaimlabError: the file cannot be read or written, or has no marks.
    """
    try:
        text = path.read_text(encoding="utf-8")
        made = {name: make() for name, make in blocks(grid).items() if _marked(name).search(text)}
        if not made:
            names = ", ".join(f"<!-- {name} -->" for name in blocks(grid))
            raise ReclaimlabError(f"{path} has no block to fill; marks: {names}")
        for name, block in made.items():
            text = replace_block(text, name, block)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ReclaimlabError(f"{path} cannot be brought up to date: {error.strerror}") from None


def fill_block(path: Path, name: str, block: str) -> None:
    """Put ``block`` between the marks ``name`` of a file.

    Raises:
        ReclaimlabError: the file cannot be read or written, or has no such marks.
    """
    try:
        text = path.read_text(encoding="utf-8")
        if not _marked(name).search(text):
            raise ReclaimlabError(f"{path} has no block to fill; marks: <!-- {name} -->")
        path.write_text(replace_block(text, name, block), encoding="utf-8")
    except OSError as error:
        raise ReclaimlabError(f"{path} cannot be brought up to date: {error.strerror}") from None


def replace_block(text: str, name: str, block: str) -> str:
    """Return ``text`` with ``block`` between the marks ``name``."""
    return _marked(name).sub(lambda found: f"{found['start']}{block}{found['end']}", text)


def _marked(name: str) -> re.Pattern[str]:
    mark = re.escape(name)
    return re.compile(
        rf"(?P<start><!-- {mark} -->\n)(?P<block>.*?)(?P<end><!-- end of {mark} -->)", re.DOTALL
    )
