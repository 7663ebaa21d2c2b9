"""How much the dirty pages swing once a run has settled: a metric, and a section that tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.extending import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reclaimlab.extending import ComparisonView, ResultView


class DirtySwing:
    """Most minus fewest dirty pages over the last two thirds of a run.

    A throttle that holds its writers steadily has a small one; one that lets them go and stops them
    again has a large one, at the same throughput.
    """

    name = "dirty_swing"
    unit = "pages"
    better = "lower"

    def measure(self, result: ResultView) -> float | None:
        """Return the swing; None for a run without settled samples."""
        for series in result.series:
            if series.name == "dirty":
                settled = series.values[len(series.values) // 3 :]
                return float(max(settled) - min(settled)) if settled else None
        return None


class SecondLook:
    """A table of verdicts and swings, and who swings least."""

    name = "second-look"
    title = "A second look: how much the dirty pages swing"

    def render(self, comparison: ComparisonView) -> Sequence[str | Table]:
        """Return nothing where no run was measured."""
        swings = {
            each.contender: each.metrics["dirty_swing"].mean
            for each in comparison.contenders
            if "dirty_swing" in each.metrics
        }
        if not swings:
            return []
        rows = [
            (each.contender, str(each.verdict), f"{swings[each.contender]:.0f}")
            for each in comparison.contenders
            if each.contender in swings
        ]
        calm = min(swings, key=swings.__getitem__)
        return [
            f"The steadiest is {calm}.",
            Table(("contender", "verdict", "mean swing (pages)"), rows),
        ]
