"""The matrix of the README: which contender comes to which verdict on which scenario."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from reclaimlab.measure.records import Verdict
from reclaimlab.reports.markdown import cell, table
from reclaimlab.runs.grid import CONTENDERS, all_cases

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reclaimlab.runs.comparison import Comparison, ContenderSummary
    from reclaimlab.runs.grid import Cell, Grid

TABLES: Final[Mapping[str, tuple[str, ...]]] = {
    "Hangs": (
        "xfs-softlimit-hang", "xfs-hardlimit-dd", "cmwq-slow-progress", "ext4-unsubmitted-2015",
        "loop-noio", "shrinker-recursion", "vmalloc-in-transaction",
    ),
    "Writers in small memcgs, cgroup v1": (
        "dd-usb-ext4", "dd-usb-xfs", "hocko-dd", "two-dd-100m",
    ),
    "Cgroup v2, and no memcg": ("cgroup-v2-dd", "global-dirty"),
}  # fmt: skip
"""Heading -> scenarios; the recorded ones come in a table of their own."""
RECORDED: Final = "Recorded on a real machine"


def verdict_matrix(comparisons: Sequence[Comparison]) -> str:
    """Return a Markdown table: one row a contender, one column a scenario.

    Rows and columns stand in the order in which they come up. A cell is the worst verdict, with
    counts unless all seeds agree; it is empty where the two were not compared. If a cell comes up
    twice, the later comparison counts.
    """
    scenarios = list(dict.fromkeys(each.head.scenario for each in comparisons))
    names = list(dict.fromkeys(name for each in comparisons for name in each.head.contenders))
    cells = {
        (summary.contender, each.head.scenario): verdict_cell(summary)
        for each in comparisons
        for summary in each.contenders
    }
    rows = [
        (cell(name), *(cells.get((name, scenario), "") for scenario in scenarios)) for name in names
    ]
    return "\n".join(table(("contender", *map(cell, scenarios)), rows)) + "\n"


def verdict_cell(summary: ContenderSummary) -> str:
    """Return a contender's verdict in few letters: ``ok``, ``**deadlock** 18/20``, ``failed``."""
    return _text(summary.verdicts, len(summary.failures))


def grid_cell(found: Cell | None) -> str:
    """Return a cell of the grid in as many letters; empty if it was not run."""
    if found is None:
        return ""
    return _text(Counter(map(Verdict, found.verdicts)), len(found.errors))


def matrix_tables(grid: Grid) -> str:
    """Return the grid as Markdown: one table a group of scenarios, one row a contender.

    A row is there if the contender was run on any scenario of the table.
    """
    cases = [str(case) for case in all_cases()]
    blocks = []
    for heading, members in _groups(cases):
        columns = [case for case in cases if case in members]
        rows = list(_rows(grid, columns))
        if rows:
            header = ("contender", *(f"`{case.replace(' ', '`<br>`')}`" for case in columns))
            blocks.append("\n".join([f"**{heading}**", "", *table(header, rows)]))
    return "\n\n".join(blocks) + "\n"


def _groups(cases: Sequence[str]) -> Iterator[tuple[str, set[str]]]:
    placed: set[str] = set()
    for heading, names in TABLES.items():
        members = {case for case in cases if case.partition(" ")[0] in names}
        placed |= members
        yield heading, members
    yield RECORDED, set(cases) - placed


def _rows(grid: Grid, columns: Sequence[str]) -> Iterator[tuple[str, ...]]:
    names = dict.fromkeys(each.contender for each in _by_contender(grid))
    for name in names:
        cells = [grid_cell(grid.get(case, name)) for case in columns]
        if any(cells):
            yield (f"`{name}`", *cells)


def _by_contender(grid: Grid) -> list[Cell]:
    order = {name: place for place, name in enumerate(CONTENDERS)}
    return sorted(grid.ordered(), key=lambda each: order.get(each.contender, len(order)))


def _text(counts: Mapping[Verdict, int], failed: int) -> str:
    if not counts:
        return "failed" if failed else ""
    verdict = min(counts, key=lambda each: each.severity)
    total = sum(counts.values())
    word = "ok" if verdict is Verdict.OK else f"**{verdict}**"
    count = "" if counts[verdict] == total else f" {counts[verdict]}/{total}"
    return f"{word}{count}{f', {failed} failed' if failed else ''}"
