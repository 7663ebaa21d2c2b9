"""What scipy has too must come out the same; runs where scipy is installed, as in `[dev]`."""

import random

import pytest
from scipy import stats

from reclaimlab.stats.paired import sign_flip_p
from reclaimlab.stats.proportion import wilson_interval
from reclaimlab.stats.student import normal_below, t_point


def test_wilsons_interval_is_scipys() -> None:
    for total in range(1, 41):
        for count in range(total + 1):
            theirs = stats.binomtest(count, total).proportion_ci(0.95, method="wilson")
            assert wilson_interval(count, total) == pytest.approx(
                (theirs.low, theirs.high), abs=1e-9
            )


def test_the_exact_sign_flip_test_is_scipys() -> None:
    rng = random.Random(1)
    for size in (2, 5, 9, 12):
        differences = [rng.gauss(0.5, 1) for _ in range(size)]
        theirs = stats.permutation_test(
            (differences,), lambda x, axis: x.sum(axis=axis), permutation_type="samples",
            n_resamples=float("inf"), vectorized=True,
        )  # fmt: skip
        assert sign_flip_p(differences) == pytest.approx(theirs.pvalue, abs=1e-9)


def test_students_and_the_normal_distribution_are_scipys() -> None:
    for freedom in range(1, 60):
        theirs = stats.t.ppf(0.975, freedom)
        assert t_point(0.95, freedom) == pytest.approx(theirs, rel=1e-9)
    for tenth in range(-40, 41):
        assert normal_below(tenth / 10) == pytest.approx(stats.norm.cdf(tenth / 10), abs=1e-9)
