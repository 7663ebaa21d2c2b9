"""Percentile bootstrap intervals of a mean and of a ratio of paired means.

Pairs are drawn, never single values: the seeds of both contenders are the same, so what one seed
adds to both cancels out of the ratio. All data of one size share their draws, which makes an
interval a function of the data alone.
"""

from __future__ import annotations

import math
from array import array
from functools import lru_cache
from math import sqrt
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from reclaimlab.engine.rng import Stream
from reclaimlab.stats.student import normal_below, t_point

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Interval = tuple[float, float]

RESAMPLES: Final = 2000
"""Draws per interval: between two streams its ends move by a few percent of its width."""


@lru_cache(maxsize=32)
def _draws(size: int) -> tuple[Callable[[Sequence[float]], Any], ...]:
    stream = Stream(0, f"bootstrap {size}")
    return tuple(itemgetter(*(stream.below(size) for _ in range(size))) for _ in range(RESAMPLES))


# A contender's means are asked for alone, then beside the baseline's. 16 KB each: an array takes a
# quarter of what a tuple does, and a window that is open all day keeps 4 MB at most.
@lru_cache(maxsize=256)
def _resampled_means(values: tuple[float, ...]) -> array[float]:
    size = len(values)
    return array("d", (sum(draw(values)) / size for draw in _draws(size)))


def _middle_95(means: list[float], seeds: int) -> Interval:
    means.sort()
    cut = round(_tail(seeds) * len(means))
    return (means[cut], means[-1 - cut])


@lru_cache(maxsize=32)
def _tail(seeds: int) -> float:
    """Return the share to cut off each end: less than 2.5 % for few seeds.

    Resampled means of n values spread sqrt((n - 1) / n) too little, and what would be Student's t
    looks normal; uncorrected, it is too narrow for few seeds. Source: T. C. Hesterberg, What
    Teachers Should Know about the Bootstrap, The American Statistician 69 (2015), section 3.4
    ("expanded percentile interval").
    """
    if seeds < 2:
        return 0.025
    return normal_below(-sqrt(seeds / (seeds - 1)) * t_point(0.95, seeds - 1))


def mean_interval(values: Sequence[float]) -> Interval:
    """Return the 95 % interval of the mean of ``values``; of one value, that value twice."""
    if len(set(values)) == 1:
        return (values[0], values[0])
    return _middle_95(list(_resampled_means(tuple(values))), len(values))


def ratio_interval(baseline: Sequence[float], other: Sequence[float]) -> Interval | None:
    """Return the 95 % interval of mean(other) / mean(baseline) over pairs.

    None where the ratio does not exist: a mean of the baseline is 0 in more than a resample or two.
    """
    if len(set(baseline)) == 1 and len(set(other)) == 1:
        return None if baseline[0] == 0 else (other[0] / baseline[0],) * 2
    below = _resampled_means(tuple(baseline))
    above = _resampled_means(tuple(other))
    ratios = [top / bottom for top, bottom in zip(above, below, strict=True) if bottom]
    if len(ratios) < 0.99 * RESAMPLES or not all(map(math.isfinite, ratios)):
        return None
    return _middle_95(ratios, len(baseline))
