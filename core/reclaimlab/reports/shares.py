"""Verdicts as shares of the runs, with Wilson's interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.stats.proportion import wilson_interval

if TYPE_CHECKING:
    from reclaimlab.runs.comparison import ContenderSummary


def shares_text(contender: ContenderSummary) -> str:
    """Return ``deadlock 83 % (44-97 %), ok 17 % (3-56 %)``; empty without any run."""
    total = sum(contender.verdicts.values())
    return ", ".join(_share(str(name), n, total) for name, n in contender.verdicts.items())


def _share(name: str, count: int, total: int) -> str:
    low, high = wilson_interval(count, total)
    return f"{name} {100 * count / total:.0f} % ({100 * low:.0f}-{100 * high:.0f} %)"
