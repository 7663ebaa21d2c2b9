"""A long curve at the width of a plot: the least and the greatest of each piece, made once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reclaimlab_gui.models.quantities import Curve

    Floats = NDArray[np.float64]

_STEP: Final = 8
"""Samples of one level that become one piece of the next."""
_SMALLEST: Final = 128
"""Levels get shorter down to this many pieces."""


class Peaks:
    """What of a curve can be seen at all: no peak is lost, and a look costs only pixels.

    Level 0 is the curve itself. A piece of a higher level is two points, its least and its
    greatest value, at the time of its first sample.
    """

    def __init__(self, curve: Curve) -> None:
        self._times, self._values = curve.times_s, curve.values
        self._levels: list[tuple[Floats, Floats, Floats]] = []
        times, least, most = curve.times_s, curve.values, curve.values
        while len(times) > _STEP * _SMALLEST:
            starts = np.arange(0, len(times), _STEP)
            times = times[starts]
            least = np.minimum.reduceat(least, starts)
            most = np.maximum.reduceat(most, starts)
            self._levels.append((times, least, most))

    def between(self, low_s: float, high_s: float, pieces: int) -> tuple[Floats, Floats]:
        """Return points from ``low_s`` to ``high_s``, at most some times ``pieces``.

        One more stands on each side, so that the line leaves the plot where it should.
        """
        first, last = _seen(self._times, low_s, high_s)
        if last - first <= _STEP * pieces or not self._levels:
            return self._times[first:last], self._values[first:last]
        for level in self._levels:
            times, least, most = level
            first, last = _seen(times, low_s, high_s)
            if last - first <= _STEP * pieces:
                break
        found = np.empty(2 * (last - first))
        found[0::2], found[1::2] = least[first:last], most[first:last]
        return np.repeat(times[first:last], 2), found


def _seen(times: Floats, low_s: float, high_s: float) -> tuple[int, int]:
    first = int(np.searchsorted(times, low_s, side="right")) - 1
    last = int(np.searchsorted(times, high_s, side="left")) + 1
    return max(first, 0), min(last, len(times))
