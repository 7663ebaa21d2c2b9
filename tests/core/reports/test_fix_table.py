"""The table of candidate fixes: what counts as agreeing, and how it is told."""

import pytest

from reclaimlab.measure.records import Verdict
from reclaimlab.reports.fix_claims import Outcome
from reclaimlab.reports.fix_table import disagreements, fix_tables, meets
from reclaimlab.reports.readme import block_of, replace_block
from reclaimlab.runs.grid import Cell, Grid

HANG, STALL, KILL, OK = Verdict.DEADLOCK, Verdict.STALL, Verdict.PREMATURE_OOM, Verdict.OK


def grid(case: str, contender: str, *verdicts: Verdict) -> Grid:
    cell = Cell(case, contender, "", "", tuple(map(str, verdicts)))
    return Grid({(case, contender): cell})


@pytest.mark.parametrize(
    ("outcome", "met", "missed"),
    [
        (Outcome.HANGS, (HANG, STALL, OK), (HANG, OK)),
        (Outcome.CAN_HANG, (HANG, OK, OK), (OK, KILL)),
        (Outcome.RARELY_HANGS, (HANG, OK, OK), (HANG, OK)),
        (Outcome.NO_HANG, (KILL, OK), (STALL, OK)),
        (Outcome.NO_DEADLOCK, (STALL, OK), (HANG, OK)),
        (Outcome.KILLS, (KILL, KILL, OK), (KILL, OK)),
        (Outcome.RARELY_KILLS, (KILL, OK, OK), (KILL, OK)),
        (Outcome.NO_KILL, (HANG, OK), (KILL, OK)),
        (Outcome.OK, (OK, OK), (OK, STALL)),
    ],
)
def test_an_outcome_is_met_by_its_share_of_the_seeds(
    outcome: Outcome, met: tuple[Verdict, ...], missed: tuple[Verdict, ...]
) -> None:
    assert meets(outcome, met)
    assert not meets(outcome, missed)


def test_a_cell_that_disagrees_is_marked_and_gets_a_reason_below() -> None:
    found = grid("ext4-unsubmitted-2015", "linux-3.10", OK, OK)
    assert [(claim.row, case) for claim, case in disagreements(found)] == [
        ("F2", "ext4-unsubmitted-2015")
    ]
    text = fix_tables(found)
    assert "| F2 | `linux-3.10` | deadlock (documented) | ok | **no** |" in text
    assert text.endswith("- F2 S3: not looked into yet.\n")


def test_a_cell_that_was_not_run_neither_agrees_nor_disagrees() -> None:
    found = grid("ext4-unsubmitted-2015", "linux-3.10", HANG)
    assert "| F2 | `linux-3.10` | deadlock (documented) | **deadlock** | yes |" in fix_tables(found)
    assert "| F0 | `linux-3.5` | no deadlock (predicted) |  | - |" in fix_tables(found)


def test_a_block_is_replaced_between_its_marks_and_nothing_else_is() -> None:
    text = "a\n<!-- x -->\nold\n<!-- end of x -->\nb\n"
    new = replace_block(text, "x", "new \\1\n")
    assert new == "a\n<!-- x -->\nnew \\1\n<!-- end of x -->\nb\n"
    assert block_of(new, "x") == "new \\1\n"
    assert block_of(new, "y") is None
