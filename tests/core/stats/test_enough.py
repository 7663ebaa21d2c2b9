"""Wilson intervals, effect sizes, and how many seeds are enough."""

import pytest

from reclaimlab.stats.enough import least_pairs, seeds_for_ratio, seeds_for_share
from reclaimlab.stats.judgement import Judged, Judgement, PairedSample, judge
from reclaimlab.stats.paired import sign_flip_p
from reclaimlab.stats.proportion import wilson_interval


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    # Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611),
     (1, 29, 0.0061, 0.1718)],
)  # fmt: skip
def test_wilsons_interval_agrees_with_newcombes_examples(
    count: int, total: int, low: float, high: float
) -> None:
    assert wilson_interval(count, total) == pytest.approx((low, high), abs=5e-5)


def test_no_run_says_nothing_of_a_share() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)
    assert wilson_interval(7, 7)[1] == 1.0


def test_the_fewest_pairs_are_those_with_which_the_test_can_fall() -> None:
    for metrics in (1, 5, 16):
        pairs = least_pairs(metrics)
        assert sign_flip_p([1.0] * pairs) <= 0.05 / metrics < sign_flip_p([1.0] * (pairs - 1))


def test_half_the_width_needs_four_times_the_seeds() -> None:
    judged = Judged("m", 1.0, (0.9, 1.1), 0.4, Judgement.CANNOT_TELL)
    assert seeds_for_ratio(judged, 10) == 40
    narrow = Judged("m", 1.0, (0.96, 1.04), 0.4, Judgement.CANNOT_TELL)
    assert seeds_for_ratio(narrow, 10) <= 10


def test_without_noise_no_more_seeds_are_asked_for() -> None:
    (judged,) = judge([PairedSample("m", "higher", (5.0, 5.0), (4.0, 4.0))])
    assert seeds_for_ratio(judged, 2) == 2


def test_verdicts_that_agree_need_fewer_seeds_than_those_that_do_not() -> None:
    assert seeds_for_share(6, 6) == 6
    assert seeds_for_share(3, 3) == 6
    assert seeds_for_share(3, 6) > 12


def test_the_effect_is_in_standard_deviations_of_the_differences() -> None:
    (judged,) = judge([PairedSample("m", "higher", (1.0, 2.0, 3.0), (2.0, 4.0, 6.0))])
    assert judged.effect == pytest.approx(2.0)
    (same,) = judge([PairedSample("m", "higher", (1.0, 2.0), (2.0, 3.0))])
    assert same.effect is None
