"""Student's t with whole degrees of freedom, and the normal distribution, in plain Python."""

from __future__ import annotations

from functools import cache
from math import atan, cos, erf, pi, sin, sqrt

_STEPS = 200


def normal_below(z: float) -> float:
    """Return the share of the normal distribution below ``z``."""
    return (1 + erf(z / sqrt(2))) / 2


def t_within(t: float, freedom: int) -> float:
    """Return the share of Student's t within ``-t`` to ``t``.

    Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4.
    """
    angle = atan(t / sqrt(freedom))
    odd = freedom % 2
    term = cos(angle) if odd else 1.0
    total = term if freedom > 1 else 0.0
    for step in range(3 if odd else 2, freedom - 1, 2):
        term *= cos(angle) ** 2 * (step - 1) / step
        total += term
    return 2 / pi * (angle + sin(angle) * total) if odd else sin(angle) * total


@cache
def t_point(share: float, freedom: int) -> float:
    """Return the ``t`` with ``share`` of the distribution within ``-t`` to ``t``."""
    low, high = 0.0, 1e6
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if t_within(middle, freedom) < share else (low, middle)
    return high
