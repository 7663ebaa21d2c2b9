"""One number from an observation, the error of two, and what many come to."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reclaimlab.validate.blocking import class_of, dominant, shares
from reclaimlab.validate.compare import (
    Counted,
    Result,
    compare,
    factor,
    kill_error,
    relative,
    spread,
    summarise,
)
from reclaimlab.validate.hierarchy import signs
from reclaimlab.validate.observation import Kill, Observation
from reclaimlab.validate.targets import TARGETS, missed

if TYPE_CHECKING:
    from collections.abc import Sequence

MIB = float(1 << 20)


def seen(
    *,
    accepted: Sequence[float] = (0, 10, 20, 30),
    dirty: Sequence[float] = (0, 4, 4, 4),
    writeback: Sequence[float] = (0, 2, 2, 2),
    stall: float = 1.0,
    blocked: str = "reclaim_throttle",
    killed: Kill | None = None,
    counts: dict[str, float] | None = None,
) -> Observation:
    return Observation(
        times_s=tuple(map(float, range(len(accepted)))),
        accepted=tuple(value * MIB for value in accepted),
        written=tuple(value * MIB for value in accepted),
        dirty=tuple(value * MIB for value in dirty),
        writeback=tuple(value * MIB for value in writeback),
        latency_s={"p50": 0.001, "p99": stall / 2, "max": stall},
        blocking={blocked: 0.9, "running": 0.1},
        counts=counts or {},
        killed=killed,
        duration_s=3.0,
        sequential=True,
    )


def result(
    real: Observation, ours: Observation, run: str = "run_v1_x", cgroup: str = "v1"
) -> Result:
    return compare(run, "linux-6.1", "xfs", cgroup, real, ours)


def test_a_plateau_is_the_mean_of_the_last_two_thirds() -> None:
    both = seen(dirty=(90, 90, 3, 3, 3, 3), accepted=range(6), writeback=(0,) * 6)
    assert both.plateau(both.dirty) == 3 * MIB


def test_a_rate_is_the_growth_over_the_last_two_thirds() -> None:
    assert seen(accepted=(0, 50, 60, 70)).rate(seen(accepted=(0, 50, 60, 70)).written) == 10 * MIB


def test_the_longest_time_without_growth_includes_the_end_of_the_run() -> None:
    stuck = seen(accepted=(0, 1, 1, 2, 2, 2, 2), dirty=(0,) * 7, writeback=(0,) * 7)
    assert stuck.longest_without_growth(stuck.accepted) == 3.0


def test_what_became_clean_is_what_was_accepted_less_what_is_not_clean() -> None:
    batch = seen(accepted=(10, 20, 20, 30), dirty=(10, 10, 5, 5), writeback=(0, 10, 5, 5))
    assert batch.clean_steps() == [10 * MIB, 10 * MIB]


@pytest.mark.parametrize(
    ("stack", "name"),
    [
        (("__schedule", "io_schedule", "folio_wait_writeback", "shrink_folio_list"),
         "folio_wait_writeback"),
        (("folio_wait_writeback", "truncate_inode_pages"), "folio_wait_writeback (other)"),
        (("schedule_timeout", "reclaim_throttle", "shrink_lruvec"), "reclaim_throttle"),
        (("balance_dirty_pages_ratelimited", "vfs_write"), "balance_dirty_pages"),
        (("schedule", "do_get_write_access", "ext4_dirty_inode"), "do_get_write_access"),
        ((), "asleep"),
    ],
)  # fmt: skip
def test_a_stack_belongs_to_the_class_of_what_it_waits_in(
    stack: tuple[str, ...], name: str
) -> None:
    assert class_of(stack) == name


def test_the_dominant_function_is_never_running() -> None:
    found = shares([("running", 8), ("reclaim_throttle", 2), ("balance_dirty_pages", 1)])
    assert sum(found.values()) == pytest.approx(1)
    assert dominant(found) == "reclaim_throttle"
    assert dominant({"running": 1.0}) == ""


def test_a_kill_is_right_anywhere_between_the_samples_around_it() -> None:
    kill = Kill(0.2, 0.3)
    assert [kill_error(kill, time) for time in (0.2, 0.25, 0.3)] == [0, 0, 0]
    assert kill_error(kill, 0.1) == pytest.approx(-0.5)
    assert kill_error(kill, 0.6) == pytest.approx(1.0)


@given(st.floats(1e-6, 1e6), st.floats(1e-6, 1e6))
def test_a_factor_is_the_same_both_ways_and_at_least_one(real: float, ours: float) -> None:
    assert factor(real, ours) == factor(ours, real) >= 1


def test_errors_against_nothing_are_infinite() -> None:
    assert math.isinf(relative(0, 1))
    assert math.isinf(factor(0, 1))


@given(st.lists(st.floats(0, 1e3), min_size=1))
def test_half_of_the_errors_are_within_their_median(errors: list[float]) -> None:
    found = spread(errors)
    assert found.share_within(found.median) >= 0.5
    assert found.median <= found.p90 or found.n < 3


def test_numbers_of_a_killed_run_are_not_compared_but_the_kills_time() -> None:
    killed = Kill(0.3, 0.4)
    both = result(seen(killed=killed), seen(killed=Kill(0.5, 0.5)))
    assert [each.name for each in both.numbers] == ["oom_time"]
    assert both.numbers[0].error == pytest.approx(0.25)


def test_a_run_that_is_killed_only_in_one_of_the_two_is_a_wrong_verdict() -> None:
    right, wrong = result(seen(), seen()), result(seen(), seen(killed=Kill(1, 1)))
    summary = summarise([right, wrong])
    assert summary.oom_verdict == Counted(1, 2)
    assert not wrong.numbers


def test_a_summary_has_the_median_of_sizes_without_their_signs() -> None:
    results = [result(seen(), seen(stall=stall)) for stall in (0.9, 1.2, 1.5)]
    assert summarise(results).spreads["longest_stall"].median == pytest.approx(0.2)


def test_the_same_observation_on_both_sides_meets_every_target_it_tells_of() -> None:
    both = seen(counts={"traced_s": 3.0, "scanned": 20.0, "reclaimed": 10.0})
    assert missed(summarise([result(both, both)])) == []


def test_each_target_is_missed_by_observations_far_off() -> None:
    freed = {"scanned": 2.0, "reclaimed": 1.0}
    wasted = {"scanned": 9.0, "reclaimed": 1.0}

    def far(stall: float) -> Observation:
        return seen(
            accepted=(0, 20, 40, 60), dirty=(0, 40, 40, 40), stall=stall, blocked="elsewhere",
            counts=wasted,
        )  # fmt: skip

    results = [
        result(seen(stall=1.0, counts=freed), far(8.0), "pair_v1_x", "v1"),
        result(seen(stall=2.0, counts=freed), far(4.0), "pair_v2_x", "v2"),
        result(seen(killed=Kill(1, 1)), seen(killed=Kill(2, 2)), "killed"),
        result(seen(), seen(killed=Kill(1, 1)), "spared"),
    ]
    assert missed(summarise(results)) == list(TARGETS)


def test_v2_against_v1_compares_only_pairs_and_only_beyond_noise() -> None:
    alone = result(seen(), seen(), "alone_v1_x", "v1")
    one = result(seen(stall=1.0), seen(stall=1.0), "pair_v1_x", "v1")
    near = result(seen(stall=1.05), seen(stall=9.0), "pair_v2_x", "v2")
    assert list(signs([alone, one, near])) == []
    far = result(seen(stall=2.0), seen(stall=0.5), "pair_v2_x", "v2")
    (sign,) = signs([alone, one, far])
    assert (sign.name, sign.measured, sign.simulated) == (
        "longest_stall", "more on v2", "less on v2",
    )  # fmt: skip
    assert not sign.is_right


def test_v2_against_v1_compares_what_writers_are_blocked_in() -> None:
    v2 = seen(blocked="balance_dirty_pages")
    pair = [result(seen(), seen(), "p_v1_x", "v1"), result(v2, v2, "p_v2_x", "v2")]
    (sign,) = signs(pair)
    assert sign.measured == "reclaim_throttle to balance_dirty_pages"
    assert sign.is_right
    ours = replace(v2, blocking={"reclaim_throttle": 1.0})
    (sign,) = signs([pair[0], result(v2, ours, "p_v2_x", "v2")])
    assert not sign.is_right
