"""Numbers as people compare them: one scale for all contenders of a metric."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from reclaimlab.stats.judgement import Judged, Judgement

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reclaimlab.measure.records import MetricInfo

_SCALES: Final = {
    "B/s": (("GB/s", 1e9), ("MB/s", 1e6), ("kB/s", 1e3), ("B/s", 1.0)),
    "s": (("s", 1.0), ("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9)),
}
_DECIMALS: Final = {"1": 4, "pages": 0}


class Scale(NamedTuple):
    """How the values of one metric are written."""

    unit: str
    factor: float
    decimals: int

    def number(self, value: float) -> str:
        """Return ``value``, given in the metric's own unit, without the unit."""
        return f"{value / self.factor:.{self.decimals}f}"

    def quantity(self, value: float) -> str:
        """Return ``value`` with the unit."""
        return f"{self.number(value)} {self.unit}".rstrip()


def scale_for(info: MetricInfo, values: Iterable[float]) -> Scale:
    """Return the scale at which the largest of ``values`` has one to three digits or so."""
    decimals = _DECIMALS.get(info.unit, 2)
    steps = _SCALES.get(info.unit)
    if steps is None:
        return Scale("" if info.unit == "1" else info.unit, 1.0, decimals)
    largest = max(map(abs, values), default=0.0)
    unit, factor = next((step for step in steps if largest >= step[1]), steps[-1])
    return Scale(*((info.unit, 1.0) if not largest else (unit, factor)), decimals)


def gain_percent(info: MetricInfo, judged: Judged) -> float | None:
    """Return by how many percent the contender gains on the baseline; negative is a loss.

    As in mmtests, the sign says better or worse, whichever direction is good. None without a ratio.
    """
    if judged.ratio is None:
        return None
    change = 100 * (judged.ratio - 1)
    gain = change if info.better == "higher" else -change
    return gain or 0.0  # never -0.0


def gain_text(info: MetricInfo, judged: Judged | None) -> str:
    """Return the gain as mmtests writes it.

    ``( 12.00%)`` the baseline and what is equal to it; ``*-18.13%*`` judged better or worse;
    ``~ -0.30% `` cannot be told from noise.
    """
    if judged is None:
        return f"({0.0:8.2f}%)"
    gain = gain_percent(info, judged)
    number = "     n/a " if gain is None else _percent(gain)
    if judged.judgement is not Judgement.CANNOT_TELL:
        return f"*{number}*"
    return f"({number})" if gain == 0 else f"~{number} "


def effect_text(judged: Judged | None) -> str:
    """Return the effect size in at most seven columns; empty where there is none."""
    if judged is None or judged.effect is None:
        return ""
    effect = judged.effect
    return f"{effect:+.2f}" if abs(effect) < 1000 else f"{effect:+.0e}"


def _percent(gain: float) -> str:
    # Eight columns: a gain too large for them loses its decimals, never its size.
    fitting = (text for style in (".2f", ".0f") if len(text := f"{gain:{style}}") <= 8)
    return f"{next(fitting, f'{gain:.1e}'):>8}%"
