"""Two thousand simulated comparisons: what 95 % intervals cover, and how often chance is judged."""

import random

import pytest

from reclaimlab.stats.bootstrap import mean_interval, ratio_interval
from reclaimlab.stats.judgement import Judgement, PairedSample, judge
from reclaimlab.stats.student import t_point

COMPARISONS = 2000


def paired(rng: random.Random, seeds: int, ratio: float) -> tuple[tuple[float, ...], ...]:
    """Draw runs of which each pair shares a part of its noise, as those of one seed do."""
    shared = [100 + rng.gauss(0, 8) for _ in range(seeds)]
    ours = tuple(value + rng.gauss(0, 4) for value in shared)
    return ours, tuple(ratio * (value + rng.gauss(0, 4)) for value in shared)


@pytest.mark.parametrize("seeds", [6, 10, 20])
def test_the_interval_of_a_ratio_covers_what_it_says(seeds: int) -> None:
    rng = random.Random(seeds)
    covered = 0
    for _ in range(COMPARISONS):
        low, high = ratio_interval(*paired(rng, seeds, 1.1)) or (0.0, 0.0)
        covered += low <= 1.1 <= high
    assert 0.93 <= covered / COMPARISONS <= 0.97


def test_the_interval_of_a_mean_covers_what_it_says() -> None:
    rng = random.Random(3)
    intervals = [mean_interval([rng.gauss(5, 1) for _ in range(10)]) for _ in range(COMPARISONS)]
    covered = sum(low <= 5 <= high for low, high in intervals)
    assert 0.93 <= covered / COMPARISONS <= 0.97


def test_without_a_difference_five_percent_of_comparisons_are_judged_at_most() -> None:
    rng = random.Random(4)
    wrong = 0
    for _ in range(COMPARISONS):
        family = [PairedSample(f"m{n}", "higher", *paired(rng, 8, 1.0)) for n in range(3)]
        wrong += any(each.judgement is not Judgement.CANNOT_TELL for each in judge(family))
    assert wrong / COMPARISONS <= 0.05


def test_students_points_agree_with_the_printed_table() -> None:
    table = {1: 12.706, 2: 4.303, 3: 3.182, 5: 2.571, 9: 2.262, 10: 2.228, 30: 2.042, 120: 1.980}
    for freedom, point in table.items():
        assert t_point(0.95, freedom) == pytest.approx(point, abs=6e-4)
