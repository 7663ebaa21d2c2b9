"""Intervals: how often they cover, and where they do not exist."""

import random

import pytest

from reclaimlab.stats.bootstrap import _middle_95, mean_interval, ratio_interval


def test_of_one_value_the_interval_is_that_value() -> None:
    assert mean_interval([4.0]) == (4.0, 4.0)
    assert ratio_interval([2.0], [3.0]) == (1.5, 1.5)


def test_without_noise_the_interval_of_a_ratio_is_a_point() -> None:
    assert ratio_interval([4.0, 4.0], [2.0, 2.0]) == (0.5, 0.5)


def test_the_same_data_has_the_same_interval() -> None:
    data = [1.0, 5.0, 2.0, 8.0]
    assert mean_interval(data) == mean_interval(list(data))


def test_a_ratio_to_a_mean_of_zero_has_no_interval() -> None:
    assert ratio_interval([0.0, 0.0], [1.0, 2.0]) is None
    assert ratio_interval([1.0, -1.0, 0.0], [1.0, 2.0, 3.0]) is None


def test_what_a_seed_adds_to_both_sides_cancels_in_the_ratio() -> None:
    baseline = [10.0, 20.0, 40.0, 80.0]
    assert ratio_interval(baseline, [1.5 * value for value in baseline]) == pytest.approx(
        (1.5, 1.5)
    )


def test_the_interval_of_a_mean_covers_the_truth_in_about_95_of_100_samples() -> None:
    dice = random.Random(1)
    covered = 0
    for _ in range(200):
        low, high = mean_interval([dice.gauss(100, 15) for _ in range(20)])
        covered += low <= 100 <= high
    # The percentile bootstrap of 20 values is known to cover 92 to 94 %.
    assert 0.88 <= covered / 200 <= 0.98


def test_the_interval_of_a_ratio_covers_the_truth_in_about_95_of_100_samples() -> None:
    dice = random.Random(2)
    covered = 0
    for _ in range(200):
        shared = [dice.gauss(100, 10) for _ in range(20)]
        baseline = [value + dice.gauss(0, 5) for value in shared]
        other = [0.8 * value + dice.gauss(0, 5) for value in shared]
        interval = ratio_interval(baseline, other)
        assert interval is not None
        covered += interval[0] <= 0.8 <= interval[1]
    assert 0.88 <= covered / 200 <= 0.98


def test_as_many_means_are_cut_off_below_as_above() -> None:
    assert _middle_95([float(each) for each in range(2000)], seeds=1) == (50.0, 1949.0)
