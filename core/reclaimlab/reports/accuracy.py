"""How far runs are from what was measured: the shipped recordings, and dd under four limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reclaimlab.measure.records import METRICS, RunResult, Verdict
from reclaimlab.reports.markdown import table
from reclaimlab.reports.numbers import scale_for
from reclaimlab.runs.run import run_one
from reclaimlab.scenarios.builtin import builtin_scenarios
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


@dataclass(frozen=True, slots=True)
class Compared:
    """One measured quantity and what a run gives for it, in the metric's own unit."""

    scenario: str
    contender: str
    metric: str
    measured: float
    simulated: float | None
    """None if the run has no such metric."""

    @property
    def error(self) -> float | None:
        """By how much the run is off, as a share of what was measured; None where that is 0."""
        if self.simulated is None or not self.measured:
            return None
        return self.simulated / self.measured - 1


def accuracy_tables() -> str:
    """Return both comparisons as Markdown tables; this makes eleven runs."""
    recorded = [each for name in recorded_scenarios() for each in compare_recording(name)]
    rows = list(dd_rows())
    differ = sum(row[-1] == "differs" for row in rows)
    blocks = [
        "\n".join(table(_HEADER, map(_row, recorded))),
        "\n".join(table(("limit", "contender", "measured", "simulated", "error"), rows)),
        f"Killed or not: as measured in {len(rows) - differ} of {len(rows)} rows.",
    ]
    return "\n\n".join(blocks) + "\n"


_HEADER: Final = ("recording", "metric", "measured", "simulated", "error")


def recorded_scenarios() -> tuple[str, ...]:
    """Return the scenarios of the library that are recordings."""
    return tuple(name for name in builtin_scenarios() if load_scenario(name).recording is not None)


def compare_recording(name: str) -> Iterator[Compared]:
    """Run a recorded scenario on its own kernel; yield each measured quantity with the run's."""
    scenario = load_scenario(name)
    if scenario.recording is None:
        return
    result = run_one(scenario, scenario.kernel, SEED)
    for metric, measured in scenario.recording.measured.items():
        simulated = result.metrics.get(metric)
        yield Compared(name, scenario.kernel, metric, measured, simulated)


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


def _row(each: Compared) -> tuple[str, ...]:
    info = METRICS[each.metric]
    scale = scale_for(info, [each.measured, each.simulated or 0.0])
    simulated = "-" if each.simulated is None else scale.quantity(each.simulated)
    error = each.error
    return (
        f"`{each.scenario}`",
        f"`{each.metric}`",
        scale.quantity(each.measured),
        simulated,
        "" if error is None else _percent(error),
    )
