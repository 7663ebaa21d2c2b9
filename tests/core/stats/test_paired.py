"""The sign-flip test against counts made by hand, by brute force and by sampling."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reclaimlab.stats import paired
from reclaimlab.stats.paired import sign_flip_p

values = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 3))


def by_brute_force(differences: list[float]) -> float:
    seen = abs(math.fsum(differences))
    patterns = list(itertools.product((1, -1), repeat=len(differences)))
    slack = 1e-9 * math.fsum(map(abs, differences))
    sums = [
        abs(math.fsum(s * d for s, d in zip(signs, differences, strict=True))) for signs in patterns
    ]
    return sum(total >= seen - slack for total in sums) / len(patterns)


@pytest.mark.parametrize(
    ("differences", "p"),
    [
        ([1.0], 1.0),
        ([1.0, 1.0], 0.5),
        ([1.0, 2.0, 3.0], 0.25),
        ([1.0] * 6, 2 / 64),
        ([5.0, -5.0], 1.0),
        ([0.0, 0.0, 0.0], 1.0),
        ([1.0, 2.0, 3.0, -1.0], 6 / 16),
    ],
)
def test_small_samples_have_the_p_value_counted_by_hand(differences: list[float], p: float) -> None:
    assert sign_flip_p(differences) == p


def test_darwins_maize_has_the_p_value_fisher_published() -> None:
    # Fisher, The Design of Experiments (1935), section 21: 1726 of 32768 patterns.
    eighths = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
    assert sign_flip_p([float(difference) for difference in eighths]) == 1726 / 32768


@given(st.lists(values, min_size=1, max_size=9))
def test_the_exact_count_equals_brute_force(differences: list[float]) -> None:
    assert sign_flip_p(differences) == pytest.approx(by_brute_force(differences))


@given(st.lists(values, min_size=1, max_size=8))
def test_the_side_of_the_difference_does_not_matter(differences: list[float]) -> None:
    assert sign_flip_p(differences) == sign_flip_p([-difference for difference in differences])


def test_the_sampled_p_value_is_near_the_exact_one(monkeypatch: pytest.MonkeyPatch) -> None:
    differences = [3.0, -1.0, 2.0, 5.0, -2.0, 1.5, 0.5, 4.0, -3.5, 2.5]
    exact = sign_flip_p(differences)
    monkeypatch.setattr(paired, "EXACT_PAIRS", 4)
    assert sign_flip_p(differences) == pytest.approx(exact, abs=0.01)
    assert sign_flip_p(differences) == sign_flip_p(differences)


def test_a_sampled_p_value_is_never_zero() -> None:
    assert sign_flip_p([1.0] * 40) == pytest.approx(1e-4)
