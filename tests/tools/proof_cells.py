"""Explores the cells that the proof of ``tiny-completion`` is about, and renews README.md.

``make proof`` runs it: every number of workers and pages for each contender whose verdict was
foretold, so many seconds a cell at most. tests/test_readme.py holds README to what was found.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from reclaimlab.explore import proof
from reclaimlab.explore.explore import explore
from reclaimlab.explore.request import ExploreRequest
from reclaimlab.reports.readme import fill_block
from reclaimlab.scenarios.canonical import scenario_toml
from reclaimlab.scenarios.reader import load_scenario

ROOT: Final = Path(__file__).parents[2]
TABLE: Final = ROOT / "tests/golden/proof.json"
BLOCK: Final = "proof-cells"
WORKERS: Final = (1, 2, 3)
PAGES: Final = (2, 3, 4, 5, 6)
CONTENDERS: Final = (
    ("linux-3.10", "nofs"),
    ("linux-3.10+may-enter-fs", "nofs"),
    ("linux-3.10+may-enter-fs", "fs"),
    ("linux-3.10+km-noio(sites=all)", "nofs"),
    ("linux-3.10+memalloc-noio", "nofs"),
    ("linux-3.10+pf-fstrans", "nofs"),
    ("linux-3.10+congestion-wait", "nofs"),
    ("linux-3.10+memcg-dirty-throttle", "nofs"),
    ("linux-3.10+memcg-dirty-throttle(keep_wait=true)", "nofs"),
)
"""Contenders, and the mask of the writer's charges."""
Asked = tuple[str, str, int, int]
"""Contender, writer, workers, pages."""
ALL_CELLS: Final = [
    (*contender, workers, pages)
    for workers in WORKERS
    for contender in CONTENDERS
    for pages in PAGES
]


@dataclass(frozen=True, slots=True)
class Cell:
    """What one exploration came to; seconds of the clock."""

    contender: str
    writer: str
    workers: int
    pages: int
    outcome: str
    exhausted: bool
    states: int
    transitions: int
    seconds: float

    @property
    def asked(self) -> Asked:
        """What it is about."""
        return self.contender, self.writer, self.workers, self.pages


def request(
    contender: str, writer: str, workers: int, pages: int, *, max_seconds: float
) -> ExploreRequest:
    """Return the exploration of a cell."""
    settings = (f"workers={workers}", f"pages={pages}", f"writer_gfp={writer}")
    text = scenario_toml(load_scenario("tiny-completion", settings))
    return ExploreRequest(text, "tiny-completion", contender, max_seconds=max_seconds)


def explored(asked: Asked, *, max_seconds: float) -> Cell:
    """Explore a cell."""
    found = explore(request(*asked, max_seconds=max_seconds))
    return Cell(
        *asked, proof.outcome(found), found.exhausted, found.states, found.transitions,
        round(found.seconds, 1),
    )  # fmt: skip


def block(found: dict[str, Any]) -> str:
    """Return the tables, one for each number of workers."""
    cells = [Cell(**each) for each in found["cells"]]
    of = {workers: [each for each in cells if each.workers == workers] for workers in WORKERS}
    return "\n".join(_table(workers, mine) for workers, mine in of.items() if mine)


def _table(workers: int, cells: list[Cell]) -> str:
    rows: dict[str, dict[int, str]] = {}
    for cell in cells:
        rows.setdefault(f"`{cell.contender}`, {cell.writer} writer", {})[cell.pages] = _told(cell)
    head = [f"{workers} worker{'s' * (workers != 1)}", *(f"{each} pages" for each in PAGES)]
    body = [[name, *(told.get(each, "not run") for each in PAGES)] for name, told in rows.items()]
    return "".join(f"| {' | '.join(line)} |\n" for line in (head, ["---"] * len(head), *body))


def _told(cell: Cell) -> str:
    cost = f"{cell.states} states, {cell.seconds:g} s"
    return f"{cell.outcome}<br>{cost}" if cell.exhausted else f"**{cell.outcome}**<br>{cost}"


def main(max_seconds: float, *, keep: bool) -> None:
    """Explore every cell, the smallest first, and write after each what was found.

    With ``keep``, cells that were exhausted are not explored again.
    """
    known: dict[Asked, Cell] = {}
    if keep:
        for plain in json.loads(TABLE.read_text(encoding="utf-8"))["cells"]:
            cell = Cell(**plain)
            known[cell.asked] = cell
    for asked in sorted(ALL_CELLS, key=lambda each: each[3] + 2 * each[2]):
        if asked not in known or not known[asked].exhausted:
            known[asked] = cell = explored(asked, max_seconds=max_seconds)
            sys.stderr.write(f"{asked}: {_told(cell)}\n")
            _write(max_seconds, [known[each] for each in ALL_CELLS if each in known])


def _write(max_seconds: float, cells: list[Cell]) -> None:
    found = {"max_seconds": max_seconds, "cells": [asdict(each) for each in cells]}
    TABLE.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    fill_block(ROOT / "README.md", BLOCK, block(found))


if __name__ == "__main__":
    main(float(sys.argv[1]), keep="--keep" in sys.argv)
