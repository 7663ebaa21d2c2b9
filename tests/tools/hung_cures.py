"""Renews the table of cures that the importer of hung-task reports reads, from the matrix.

``make matrix`` runs it; tests/core/scenarios/test_hungtask.py holds the table to the matrix.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from reclaimlab.runs.grid import read_grid
from reclaimlab.scenarios.importers.hang_knowledge import patterns

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "core/reclaimlab/scenarios/importers/hungtask_cures.json"
HUNG = {"deadlock", "livelock", "stall"}


def cures_of_the_matrix() -> dict[str, Any]:
    """Return scenario -> seeds, contenders that are ok in all of them, contenders that hang."""
    cells = read_grid(ROOT / "tests/golden/matrix.json").ordered()
    table: dict[str, Any] = {}
    for name in sorted({pattern.scenario for pattern in patterns()}):
        mine = [cell for cell in cells if cell.case == name]
        table[name] = {
            "seeds": len(mine[0].verdicts),
            "ok": [cell.contender for cell in mine if set(cell.verdicts) == {"ok"}],
            "hangs": [cell.contender for cell in mine if HUNG & set(cell.verdicts)],
            "others": [
                cell.contender
                for cell in mine
                if not HUNG & set(cell.verdicts) and set(cell.verdicts) != {"ok"}
            ],
        }
    return table


if __name__ == "__main__":
    TABLE.write_text(json.dumps(cures_of_the_matrix(), indent=1) + "\n", encoding="utf-8")
