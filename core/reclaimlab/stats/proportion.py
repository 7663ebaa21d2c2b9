"""Wilson's score interval: what a share of a few runs says of the share of all.

Unlike the interval of the textbook it never leaves [0, 1] and has a width when all runs agree.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from reclaimlab.stats.bootstrap import Interval

Z_95: Final = 1.959963984540054
"""The 97.5 % point of the normal distribution."""


def wilson_interval(count: int, total: int) -> Interval:
    """Return the 95 % interval of the share that ``count`` of ``total`` stands for.

    Source: E. B. Wilson, Probable inference, J. Amer. Statist. Assoc. 22 (1927), without
    correction for continuity. Of no run at all: (0, 1).
    """
    if total == 0:
        return (0.0, 1.0)
    share, square = count / total, Z_95 * Z_95
    middle = (share + square / (2 * total)) / (1 + square / total)
    reach = sqrt(share * (1 - share) / total + square / (4 * total * total))
    half = Z_95 * reach / (1 + square / total)
    low = 0.0 if count == 0 else max(0.0, middle - half)
    high = 1.0 if count == total else min(1.0, middle + half)
    return (low, high)
