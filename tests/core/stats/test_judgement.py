"""The three words, and Holm's correction."""

import random
from typing import Literal

import pytest

from reclaimlab.stats.judgement import Judgement, PairedSample, holm, judge


def sample(
    baseline: list[float],
    other: list[float],
    better: Literal["higher", "lower"] = "higher",
    metric: str = "writer_throughput",
) -> PairedSample:
    return PairedSample(metric, better, tuple(baseline), tuple(other))


def word(*samples: PairedSample) -> str:
    return str(judge(samples)[0].judgement)


def test_holm_agrees_with_the_example_of_its_textbook() -> None:
    # p = 0.01, 0.02, 0.03, 0.04 at alpha 0.05: limits are 0.0125, 0.0167, 0.025, 0.05.
    assert holm({"a": 0.01, "b": 0.02, "c": 0.03, "d": 0.04}) == {"a"}
    assert holm({"a": 0.001, "b": 0.015, "c": 0.02, "d": 0.04}) == {"a", "b", "c", "d"}


def test_holm_stops_at_the_first_that_falls() -> None:
    assert holm({"a": 0.03, "b": 0.04}) == frozenset()


def test_holm_of_nothing_is_nothing() -> None:
    assert holm({}) == frozenset()


@pytest.mark.parametrize(("better", "expected"), [("higher", "worse"), ("lower", "better")])
def test_without_noise_the_sign_decides(better: Literal["higher", "lower"], expected: str) -> None:
    assert word(sample([5.0, 5.0], [4.0, 4.0], better)) == expected


def test_without_noise_equal_values_cannot_be_told_apart() -> None:
    judged = judge([sample([5.0, 5.0], [5.0, 5.0])])[0]
    assert (judged.judgement, judged.p, judged.ratio) == (Judgement.CANNOT_TELL, 1.0, 1.0)


def test_one_seed_can_tell_nothing() -> None:
    assert word(sample([5.0], [500.0])) == "cannot tell"


def test_ten_seeds_that_agree_are_judged() -> None:
    baseline = [100.0 + seed for seed in range(10)]
    other = [90.0 + 1.1 * seed for seed in range(10)]
    assert word(sample(baseline, other)) == "worse"


def test_a_metric_that_stands_alone_can_fall_among_sixteen() -> None:
    close = sample([10.0 + s for s in range(6)], [11.5 + s * 1.01 for s in range(6)])
    assert word(close) == "better"
    noise = [
        sample([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [2.0, 1.0, 4.0, 3.0, 6.0, 5.5], metric=f"m{number}")
        for number in range(15)
    ]
    assert word(close, *noise) == "cannot tell"


def test_metrics_without_noise_do_not_count_against_the_others() -> None:
    close = sample([10.0 + s for s in range(6)], [11.5 + s * 1.01 for s in range(6)])
    still = [sample([1.0] * 6, [1.0] * 6, metric=f"m{number}") for number in range(15)]
    assert word(close, *still) == "better"


def test_a_rise_from_zero_has_no_ratio_but_a_judgement() -> None:
    judged = judge([sample([0.0, 0.0], [1.0, 1.0], "lower")])[0]
    assert (judged.ratio, judged.ci95, judged.judgement) == (None, None, Judgement.WORSE)


def test_of_pure_noise_about_one_in_twenty_families_is_judged_wrongly() -> None:
    dice = random.Random(3)
    wrong = 0
    for _ in range(100):
        family = [
            sample(
                [dice.gauss(50, 5) for _ in range(10)],
                [dice.gauss(50, 5) for _ in range(10)],
                metric=f"m{number}",
            )
            for number in range(4)
        ]
        wrong += any(judged.judgement != Judgement.CANNOT_TELL for judged in judge(family))
    assert wrong <= 12


@pytest.mark.parametrize(
    ("differences", "expected"), [([1.0, 2.0, 6.0], 3 / 7**0.5), ([1.0, 3.0], 2 / 2**0.5)]
)
def test_the_effect_is_the_mean_difference_in_standard_deviations(
    differences: list[float], expected: float
) -> None:
    (judged,) = judge([sample([10.0] * len(differences), [10.0 + each for each in differences])])
    assert judged.effect == pytest.approx(expected)
