"""The table of candidate fixes: documented or predicted, simulated, and where the two differ."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from reclaimlab.measure.records import Verdict
from reclaimlab.reports.fix_claims import CASES_OF, Claim, Column, Outcome, all_claims
from reclaimlab.reports.fix_reasons import REASONS
from reclaimlab.reports.markdown import table
from reclaimlab.reports.matrix import grid_cell

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reclaimlab.runs.grid import Cell, Grid

HEADINGS: Final[Mapping[Column, str]] = {
    "S1": "S1, the posted hang (`xfs-softlimit-hang`)",
    "S2": "S2, dd in a small memcg",
    "S3": "S3, ext4 waits for its own unsubmitted pages (`ext4-unsubmitted-2015`)",
    "S4": "S4, no memcg (`global-dirty`)",
}
SHORT: Final[Mapping[str, str]] = {
    "dd-usb-ext4 writer_gfp=nofs": "ext4 until 3.8",
    "dd-usb-ext4 writer_gfp=fs": "ext4 since 3.9",
    "dd-usb-xfs": "XFS",
    "hocko-dd limit=5M": "ext3 5M",
    "hocko-dd limit=60M": "ext3 60M",
    "cgroup-v2-dd": "v2",
}
HANGING: Final = frozenset({Verdict.DEADLOCK, Verdict.LIVELOCK, Verdict.STALL})
KILLING: Final = frozenset({Verdict.PREMATURE_OOM, Verdict.OOM})


def fix_tables(grid: Grid) -> str:
    """Return a Markdown table for each column, then the reasons where the two do not agree."""
    blocks = [_table(grid, column) for column in CASES_OF]
    reasons = list(_reasons(grid))
    if reasons:
        blocks.append("\n".join(["Where they do not agree:", "", *reasons]))
    return "\n\n".join(blocks) + "\n"


def agrees(claim: Claim, case: str, cell: Cell) -> bool:
    """Say whether the verdicts of ``cell`` are what ``claim`` says of ``case``."""
    return meets(claim.expected[case], tuple(map(Verdict, cell.verdicts)))


def meets(outcome: Outcome, verdicts: tuple[Verdict, ...]) -> bool:
    """Say whether ``verdicts``, one a seed, are the ``outcome``."""
    hangs = sum(each in HANGING for each in verdicts)
    kills = sum(each in KILLING for each in verdicts)
    deadlocks = verdicts.count(Verdict.DEADLOCK)
    return {
        Outcome.HANGS: 2 * hangs > len(verdicts),
        Outcome.CAN_HANG: hangs > 0,
        Outcome.RARELY_HANGS: 2 * hangs < len(verdicts),
        Outcome.NO_HANG: not hangs,
        Outcome.NO_DEADLOCK: not deadlocks,
        Outcome.KILLS: 2 * kills > len(verdicts),
        Outcome.RARELY_KILLS: 2 * kills < len(verdicts),
        Outcome.NO_KILL: not kills,
        Outcome.OK: verdicts.count(Verdict.OK) == len(verdicts),
    }[outcome]


def disagreements(grid: Grid) -> Iterator[tuple[Claim, str]]:
    """Yield each claim and case whose cell does not agree."""
    for claim in all_claims():
        for case in claim.expected:
            cell = grid.get(case, claim.contender)
            if cell is not None and not agrees(claim, case, cell):
                yield claim, case


def _table(grid: Grid, column: Column) -> str:
    claims = [claim for claim in all_claims() if claim.column == column]
    header = ("row", "contender", "documented or predicted", "simulated", "agrees?")
    rows = [
        (
            claim.row,
            f"`{claim.contender}`",
            _evidence(claim),
            _simulated(grid, claim),
            _agreement(grid, claim),
        )
        for claim in claims
    ]
    heading = f"**{HEADINGS[column]}**"
    told = {row[2:] for row in rows}
    if len(told) == 1 and rows[0][-1] == "yes":
        return f"{heading}\n\nAll rows: {rows[0][2]}; simulated: {rows[0][3]}. They agree."
    return "\n".join([heading, "", *table(header, rows)])


def _evidence(claim: Claim) -> str:
    if not claim.documented:
        return f"{claim.words} (predicted)"
    mixed = "(predicted)" in claim.words
    return f"{claim.words}{'; the rest documented' if mixed else ' (documented)'}"


def _simulated(grid: Grid, claim: Claim) -> str:
    found = {
        case: grid_cell(grid.get(case, claim.contender))
        for case in CASES_OF[claim.column]
        if case in claim.expected or grid.get(case, claim.contender)
    }
    if len(CASES_OF[claim.column]) == 1:
        return "".join(found.values())
    shown: dict[str, list[str]] = {}
    for case, came in found.items():
        if came and case in claim.expected:
            shown.setdefault(came, []).append(SHORT[case])
    return "; ".join(f"{', '.join(cases)}: {came}" for came, cases in shown.items())


def _agreement(grid: Grid, claim: Claim) -> str:
    judged = Counter(
        agrees(claim, case, cell)
        for case in claim.expected
        if (cell := grid.get(case, claim.contender)) is not None
    )
    if not judged:
        return "-"
    if not judged[False]:
        return "yes"
    missed = [SHORT.get(case, "") for each, case in disagreements(grid) if each == claim]
    return "**no**" if not judged[True] else f"**not** {', '.join(missed)}"


def _reasons(grid: Grid) -> Iterator[str]:
    told: dict[str, list[str]] = {}
    for claim, case in disagreements(grid):
        reason = REASONS.get((claim.row, case), "not looked into yet.")
        told.setdefault(reason, []).append(f"{claim.row} {SHORT.get(case, claim.column)}")
    for reason, places in told.items():
        yield f"- {', '.join(dict.fromkeys(places))}: {reason}"
