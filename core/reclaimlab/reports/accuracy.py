"""How far dd under four limits is from what was measured in June 2012."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reclaimlab.measure.records import RunResult, Verdict
from reclaimlab.reports.markdown import table
from reclaimlab.runs.run import run_one
from reclaimlab.scenarios.reader import load_scenario

if TYPE_CHECKING:
    from collections.abc import Iterator

SEED: Final = 1

MEASURED_DD: Final = (
    ("5M", None, 37.5),
    ("60M", None, 34.6),
    ("300M", 51.8, 42.7),
    ("2G", 368.0, 312.0),
)
"""Limit, MB/s without the wait and with it, None for a kill: ext3 rows of the table of 19 Jun 2012,
Message-ID 1340117404-30348-1-git-send-email-mhocko@suse.cz (single runs)."""
WITHOUT: Final = "linux-3.5"
WITH: Final = "linux-3.5+wait-may-enter-fs"


def accuracy_tables() -> str:
    """Return the comparison as a Markdown table; this makes eight runs."""
    rows = list(dd_rows())
    differ = sum(row[-1] == "differs" for row in rows)
    blocks = [
        "\n".join(table(("limit", "contender", "measured", "simulated", "error"), rows)),
        f"Killed or not: as measured in {len(rows) - differ} of {len(rows)} rows.",
    ]
    return "\n\n".join(blocks) + "\n"


def dd_rows() -> Iterator[tuple[str, ...]]:
    """Yield the rows of dd under four limits, without the wait and with it."""
    for limit, without, waited in MEASURED_DD:
        for contender, measured in ((WITHOUT, without), (WITH, waited)):
            result = run_one(load_scenario("hocko-dd", (f"limit={limit}",)), contender, SEED)
            yield (limit, f"`{contender}`", *_dd_cells(measured, result))


def _dd_cells(measured: float | None, result: RunResult) -> tuple[str, str, str]:
    killed = result.verdict in (Verdict.OOM, Verdict.PREMATURE_OOM)
    speed = result.metrics["writer_throughput"] / 1e6
    said = "killed" if measured is None else f"{measured:.1f} MB/s"
    came = "killed" if killed else f"{speed:.1f} MB/s"
    if measured is None or killed:
        return said, came, "as measured" if killed == (measured is None) else "differs"
    return said, came, _percent(speed / measured - 1)


def _percent(error: float) -> str:
    # Past ten times nobody reads percents.
    return f"{error + 1:.0f} times" if error >= 9 else f"{round(100 * error):+d} %"
