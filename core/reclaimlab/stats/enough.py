"""How many seeds are enough to say something of a difference, or of a share of verdicts."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Final

from reclaimlab.stats.judgement import ALPHA
from reclaimlab.stats.proportion import wilson_interval

if TYPE_CHECKING:
    from reclaimlab.stats.judgement import Judged

RATIO_HALF_WIDTH: Final = 0.05
"""A ratio is known well enough when its 95 % interval reaches 5 % of it to either side."""

SHARE_HALF_WIDTH: Final = 0.2
"""A share of verdicts is, when its Wilson interval reaches 0.2: six seeds that all agree."""


def least_pairs(metrics: int = 1) -> int:
    """Return the fewest seeds with which the permutation test can judge one of ``metrics``.

    The smallest p-value of n pairs is 2 / 2**n, which must pass Holm's first limit.
    """
    seeds = 1
    while 2 / 2**seeds > ALPHA / max(metrics, 1):
        seeds += 1
    return seeds


def seeds_for_ratio(judged: Judged, seeds: int, metrics: int = 1) -> int:
    """Return how many seeds would make the interval of a ratio narrow enough.

    It narrows with the square root of the seeds. ``seeds`` or fewer: there are enough.
    """
    if judged.p in (0.0, 1.0) and judged.ci95 and judged.ci95[0] == judged.ci95[1] and seeds > 1:
        return seeds  # nothing varies: more seeds show no more
    least = least_pairs(metrics)
    if not judged.ratio or judged.ci95 is None:
        return least
    half = (judged.ci95[1] - judged.ci95[0]) / 2 / abs(judged.ratio)
    return max(least, ceil(seeds * (half / RATIO_HALF_WIDTH) ** 2 - 1e-9))


def seeds_for_share(count: int, total: int) -> int:
    """Return how many seeds would make the interval of a verdict's share narrow enough."""
    share = count / total if total else 0.5
    seeds = max(total, 1)
    while _half(share, seeds) > SHARE_HALF_WIDTH:
        seeds += 1
    return seeds


def _half(share: float, seeds: int) -> float:
    low, high = wilson_interval(round(share * seeds), seeds)
    return (high - low) / 2
