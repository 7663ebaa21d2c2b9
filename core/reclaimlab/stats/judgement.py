"""The judgement of a metric between two contenders: better, worse, or cannot tell.

The metrics of one pair of contenders are one family: Holm's step-down keeps the chance that any of
them is judged wrongly at 5 %. The family is not the whole comparison, since a contender that is
added must not change what is said of the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Final, Literal

from reclaimlab.stats.bootstrap import Interval, ratio_interval
from reclaimlab.stats.paired import sign_flip_p

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ALPHA: Final = 0.05
Better = Literal["higher", "lower"]


class Judgement(StrEnum):
    """What can be said of a contender against the baseline."""

    BETTER = "better"
    WORSE = "worse"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True)
class PairedSample:
    """One metric of two contenders, seed by seed: ``baseline[i]`` and ``other[i]`` share a seed."""

    metric: str
    better: Better
    baseline: tuple[float, ...]
    other: tuple[float, ...]

    @property
    def noise_free(self) -> bool:
        """Whether no seed changes either side, so that a difference needs no test.

        One seed shows nothing of noise.
        """
        both = (self.baseline, self.other)
        return len(self.baseline) > 1 and all(len(set(side)) == 1 for side in both)

    @property
    def difference(self) -> float:
        """Mean of the other minus mean of the baseline, in the metric's unit."""
        return fmean(self.other) - fmean(self.baseline)


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of one metric of a pair."""

    metric: str
    ratio: float | None
    """mean(other) / mean(baseline); 1 if both are 0, None if only the baseline is."""
    ci95: Interval | None
    p: float
    """Not yet corrected for the number of metrics; 0 or 1 where there is no noise."""
    judgement: Judgement
    effect: float | None = None
    """Mean of the paired differences in units of their standard deviation (Cohen's d_z).

    None where the differences do not vary; positive: the contender's values are higher.
    """


def holm(p_values: Mapping[str, float], alpha: float = ALPHA) -> frozenset[str]:
    """Return the names whose p-value stands after Holm's correction for all of ``p_values``."""
    standing: set[str] = set()
    ranked = sorted(p_values.items(), key=lambda item: (item[1], item[0]))
    for rank, (name, p) in enumerate(ranked):
        if p > alpha / (len(ranked) - rank):
            break
        standing.add(name)
    return frozenset(standing)


def judge(samples: Sequence[PairedSample]) -> tuple[Judged, ...]:
    """Judge every metric of one pair of contenders, as one family of tests."""
    p_values = {sample.metric: _p(sample) for sample in samples}
    tested = {sample.metric for sample in samples if not sample.noise_free}
    standing = holm({metric: p_values[metric] for metric in tested})
    return tuple(
        Judged(
            metric=sample.metric,
            ratio=_ratio(sample),
            ci95=_interval(sample),
            p=p_values[sample.metric],
            judgement=_word(sample, told=sample.noise_free or sample.metric in standing),
            effect=_effect(sample),
        )
        for sample in samples
    )


def _p(sample: PairedSample) -> float:
    if sample.noise_free:
        return 0.0 if sample.difference else 1.0
    return sign_flip_p([b - a for a, b in zip(sample.baseline, sample.other, strict=True)])


def _effect(sample: PairedSample) -> float | None:
    differences = [b - a for a, b in zip(sample.baseline, sample.other, strict=True)]
    spread = stdev(differences) if len(differences) > 1 else 0.0
    return fmean(differences) / spread if spread else None


def _both_zero(sample: PairedSample) -> bool:
    return not any(sample.baseline) and not any(sample.other)


def _ratio(sample: PairedSample) -> float | None:
    if _both_zero(sample):
        return 1.0
    bottom = fmean(sample.baseline)
    return fmean(sample.other) / bottom if bottom else None


def _interval(sample: PairedSample) -> Interval | None:
    return (1.0, 1.0) if _both_zero(sample) else ratio_interval(sample.baseline, sample.other)


def _word(sample: PairedSample, *, told: bool) -> Judgement:
    if not told or not sample.difference:
        return Judgement.CANNOT_TELL
    improved = (sample.difference > 0) == (sample.better == "higher")
    return Judgement.BETTER if improved else Judgement.WORSE
