"""The grid: every scenario of the library against its contenders, cell by cell, and its file.

A cell is kept as long as its scenario, and the code that determines it, have the same hash.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from reclaimlab.errors import ReclaimlabError
from reclaimlab.files import write_whole
from reclaimlab.hosting.contender import parse_contender
from reclaimlab.runs.run import installed_policies
from reclaimlab.runs.sources import HASH_LENGTH, source_hash
from reclaimlab.scenarios.builtin import TINY, builtin_scenarios
from reclaimlab.scenarios.reader import load_scenario, scenario_hash

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from reclaimlab.scenarios.schema import Scenario

SCHEMA: Final = 1

KERNELS: Final = (
    "linux-3.5", "linux-3.10", "linux-3.11", "linux-4.2", "linux-6.1", "linux-6.18",
)  # fmt: skip
OVER_3_10: Final = (
    "km-noio", "km-noio(sites=all)", "memalloc-noio", "pf-fstrans", "unlocked-write-begin",
    "may-enter-fs", "may-enter-fs+unlocked-write-begin", "wait-after-batch",
    "wait-after-batch(test=io,mark=all)", "congestion-wait", "congestion-wait(skip=nofs)",
    "congestion-wait(skip=kthread)", "timed-page-wait", "exempt-kthreads", "nofs-scope",
    "may-enter-fs+nofs-scope", "memcg-dirty-throttle", "reclaim-throttle", "unlock-before-wait",
)  # fmt: skip
"""The fixes as the table of candidate fixes has them; two of its rows are pairs."""

CONTENDERS: Final = (
    "linux-3.5",
    "linux-3.5+wait-may-enter-fs",
    "linux-3.10",
    *(f"linux-3.10+{fix}" for fix in OVER_3_10),
    *KERNELS[2:],
)
"""In the order of the table: what the mail argued about, then what upstream did."""

VARIANTS: Final[Mapping[str, tuple[str, ...]]] = {
    "dd-usb-ext4": ("writer_gfp=nofs", "writer_gfp=fs"),
    "hocko-dd": ("limit=5M", "limit=60M", "limit=300M", "limit=2G"),
}
"""Scenarios that run more than once, each time with one parameter set."""

ORDER: Final = (
    "xfs-softlimit-hang", "xfs-hardlimit-dd", "cmwq-slow-progress", "ext4-unsubmitted-2015",
    "loop-noio", "shrinker-recursion", "vmalloc-in-transaction", "dd-usb-ext4", "dd-usb-xfs",
    "hocko-dd", "two-dd-100m", "cgroup-v2-dd", "global-dirty",
)  # fmt: skip
"""Hangs, then writers in small memcgs, then the rest; a scenario not named here comes last."""


@dataclass(frozen=True, slots=True)
class Case:
    """A scenario as it is run: by its name, and with at most one parameter set."""

    name: str
    setting: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.setting}".rstrip()

    def load(self) -> Scenario:
        """Return the scenario."""
        return load_scenario(self.name, (self.setting,) if self.setting else ())


@dataclass(frozen=True, slots=True)
class Cell:
    """What one contender came to on one case: a verdict for each seed from 1 on."""

    case: str
    contender: str
    scenario_hash: str
    source_hash: str
    verdicts: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    """Why runs have no result; such a cell is never kept."""


@dataclass(slots=True)
class Grid:
    """All cells there are, by case and contender."""

    cells: dict[tuple[str, str], Cell] = field(default_factory=dict)

    def ordered(self) -> list[Cell]:
        """Return the cells case by case, contenders in the order of the table."""
        cases = {str(case): place for place, case in enumerate(all_cases())}
        contenders = {name: place for place, name in enumerate(CONTENDERS)}
        last = len(cases) + len(contenders)

        def place(cell: Cell) -> tuple[int, str, int, str]:
            return (
                cases.get(cell.case, last), cell.case,
                contenders.get(cell.contender, last), cell.contender,
            )  # fmt: skip

        return sorted(self.cells.values(), key=place)

    def get(self, case: str, contender: str) -> Cell | None:
        """Return a cell; None if it was never run."""
        return self.cells.get((case, contender))

    def put(self, cell: Cell) -> None:
        """Put a cell in, in place of an older one."""
        self.cells[(cell.case, cell.contender)] = cell


def all_cases() -> tuple[Case, ...]:
    """Return every case of the library in the order of the tables."""
    known = [name for name in ORDER if name in builtin_scenarios()]
    others = [
        name for name in builtin_scenarios() if name not in ORDER and not name.startswith(TINY)
    ]
    return tuple(
        Case(name, setting) for name in (*known, *others) for setting in VARIANTS.get(name, ("",))
    )


def contenders_of(scenario: Scenario, wanted: Iterable[str] = CONTENDERS) -> tuple[str, ...]:
    """Return which of ``wanted`` run on ``scenario``: a recording is compared with its own era."""
    if scenario.recording is None:
        return tuple(wanted)
    era = scenario.kernel.partition(".")[0] + "."
    return tuple(name for name in wanted if name.startswith(era))


def blank_cell(case: Case, scenario: Scenario, contender: str) -> Cell:
    """Return the cell as it is before any run.

    Raises:
        ContenderError: ``contender`` cannot be read.
    """
    parsed = parse_contender(contender, installed_policies())
    digest = scenario_hash(scenario)[:HASH_LENGTH]
    return Cell(str(case), str(parsed), digest, source_hash(parsed))


def grid_object(grid: Grid) -> dict[str, Any]:
    """Return the grid as plain JSON data."""
    return {"schema": SCHEMA, "cells": [_plain(cell) for cell in grid.ordered()]}


def write_grid(grid: Grid, path: Path) -> None:
    """Write the grid to ``path``, whole or not at all: one line a cell.

    Raises:
        ReclaimlabError: the file cannot be written.
    """
    lines = ",\n".join(f"  {json.dumps(_plain(cell))}" for cell in grid.ordered())
    text = f'{{\n "schema": {SCHEMA},\n "cells": [\n{lines}\n ]\n}}\n'
    try:
        write_whole(path, text.encode())
    except OSError as error:
        raise ReclaimlabError(f"matrix {path} cannot be written: {error.strerror}") from error


def read_grid(path: Path) -> Grid:
    """Return the grid in ``path``.

    Raises:
        ReclaimlabError: the file cannot be read or is something else.
    """
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        if plain["schema"] != SCHEMA:
            msg = f"its schema is {plain['schema']!r}, and {SCHEMA} is known here"
            raise ReclaimlabError(f"matrix {path} cannot be read: {msg}")
        cells = [_cell(each) for each in plain["cells"]]
    except OSError as error:
        raise ReclaimlabError(f"matrix {path} cannot be read: {error.strerror}") from None
    except (KeyError, TypeError, ValueError):
        msg = f"{path} is no matrix: `reclaimlab matrix -o FILE` writes one"
        raise ReclaimlabError(msg) from None
    return Grid({(cell.case, cell.contender): cell for cell in cells})


def _plain(cell: Cell) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "case": cell.case,
        "contender": cell.contender,
        "scenario_hash": cell.scenario_hash,
        "source_hash": cell.source_hash,
        "verdicts": list(cell.verdicts),
    }
    return plain | ({"errors": list(cell.errors)} if cell.errors else {})


def _cell(plain: Mapping[str, Any]) -> Cell:
    return Cell(
        str(plain["case"]),
        str(plain["contender"]),
        str(plain["scenario_hash"]),
        str(plain["source_hash"]),
        tuple(map(str, plain["verdicts"])),
        tuple(map(str, plain.get("errors", ()))),
    )


def cases_named(names: Sequence[str]) -> Iterator[Case]:
    """Yield the cases of the scenarios called ``names``; of all, if none is named."""
    for case in all_cases():
        if not names or case.name in names:
            yield case
