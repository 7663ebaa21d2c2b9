"""What the errors must come to: one target a row, and whether a summary meets it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from reclaimlab.validate.compare import Summary


@dataclass(frozen=True, slots=True)
class Target:
    """One bound on the errors.

    Attributes:
        figure: what the summary came to; None if no recording tells.
        limit: the bound, in the same unit. at_least: it must not be below it, instead of above.
    """

    name: str
    what: str
    figure: Callable[[Summary], float | None]
    limit: float
    at_least: bool
    style: str = "{:.1%}"

    def is_met(self, summary: Summary) -> bool | None:
        """Return whether ``summary`` meets it; None if no recording tells."""
        figure = self.figure(summary)
        if figure is None:
            return None
        return figure >= self.limit if self.at_least else figure <= self.limit


def _median(name: str) -> Callable[[Summary], float | None]:
    return lambda summary: summary.spreads[name].median if name in summary.spreads else None


def _within(name: str, most: float) -> Callable[[Summary], float | None]:
    return lambda summary: (
        summary.spreads[name].share_within(most) if name in summary.spreads else None
    )


TARGETS: Final = (
    Target(
        "oom_verdict", "OOM verdict right", lambda summary: summary.oom_verdict.share, 1.0, True
    ),
    Target("oom_time", "OOM time within 25 %", _within("oom_time", 0.25), 1.0, True),
    Target(
        "device_throughput", "device rate, median error", _median("device_throughput"), 0.03, False
    ),
    Target(
        "dirty_and_writeback_plateau", "dirty and writeback plateau, median error",
        _median("dirty_and_writeback_plateau"), 0.10, False,
    ),
    Target("longest_stall", "longest stall, median error", _median("longest_stall"), 0.20, False),
    Target(
        "write_latency_p99", "p99 write latency within 1.5 times",
        _within("write_latency_p99", 1.5), 0.80, True,
    ),
    Target(
        "blocking_function", "dominant blocking function right",
        lambda summary: summary.blocking_function.share if summary.blocking_function.n else None,
        0.95, True,
    ),
    Target(
        "scans_per_reclaim", "scans per reclaim, median factor", _median("scans_per_reclaim"),
        2.0, False, "{:.2f}",
    ),
    Target(
        "hierarchy_signs", "signs of v2 against v1 right",
        lambda summary: summary.hierarchy_signs.share if summary.hierarchy_signs.n else None,
        1.0, True,
    ),
)  # fmt: skip
"""The rows of the README's table, in its order."""


def missed(summary: Summary) -> list[Target]:
    """Return the targets that ``summary`` does not meet."""
    return [target for target in TARGETS if target.is_met(summary) is False]
