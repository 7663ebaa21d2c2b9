"""The paired sign-flip permutation test: how likely chance alone gives such differences.

Under the null hypothesis a seed's difference is as likely to be +d as -d. The p-value is the share
of the 2**n sign patterns whose sum is at least as far from zero as the one seen. Up to
:data:`EXACT_PAIRS` pairs all patterns are counted, above that a sample is.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Final

from reclaimlab.engine.rng import Stream

if TYPE_CHECKING:
    from collections.abc import Sequence

EXACT_PAIRS: Final = 24
"""Two halves of 12 pairs give 4096 sums each, which are counted against each other in a few ms."""

SAMPLED_PATTERNS: Final = 9999


def sign_flip_p(differences: Sequence[float]) -> float:
    """Return the two-sided p-value of ``differences`` (one per seed); 1 if all are zero."""
    # A zero difference has no sign to flip: each pattern would only be counted twice.
    moving = [difference for difference in differences if difference]
    if not moving:
        return 1.0
    # The sum seen must count as extreme itself, whatever the order of additions rounds it to.
    threshold = abs(sum(moving)) - 1e-9 * sum(map(abs, moving))
    if len(moving) <= EXACT_PAIRS:
        return _exact(moving, threshold)
    return _sampled(moving, threshold)


def _exact(moving: list[float], threshold: float) -> float:
    half = len(moving) // 2
    left, right = _signed_sums(moving[:half]), sorted(_signed_sums(moving[half:]))
    extreme = 0
    for start in left:
        low, high = bisect_right(right, -threshold - start), bisect_left(right, threshold - start)
        # A threshold of (nearly) zero makes the tails overlap: then every sum is extreme.
        extreme += len(right) - max(high - low, 0)
    return extreme / (len(left) * len(right))


def _signed_sums(values: list[float]) -> list[float]:
    sums = [0.0]
    for value in values:
        sums = [total + signed for total in sums for signed in (value, -value)]
    return sums


def _sampled(moving: list[float], threshold: float) -> float:
    stream = Stream(0, f"sign-flip {len(moving)}")
    extreme = 0
    for _ in range(SAMPLED_PATTERNS):
        total = sum(value if stream.below(2) else -value for value in moving)
        extreme += abs(total) >= threshold
    # The pattern that was seen is one of the patterns: no sample can give p = 0.
    return (extreme + 1) / (SAMPLED_PATTERNS + 1)
