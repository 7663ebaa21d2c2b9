"""Random schedules: what they find, what they promise, and how they are made shorter."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

from reclaimlab.explore import text
from reclaimlab.explore.explore import explore
from reclaimlab.explore.json_object import schedule_of
from reclaimlab.explore.replay import replay
from reclaimlab.explore.request import ExploreRequest, WalkReport
from reclaimlab.explore.shorten import shorten, turns
from reclaimlab.scenarios.canonical import scenario_toml
from reclaimlab.scenarios.reader import load_scenario

if TYPE_CHECKING:
    from reclaimlab.explore.request import Exploration


@cache
def request(contender: str, pct: int, seed: int = 1, walks: int = 30) -> ExploreRequest:
    text_ = scenario_toml(load_scenario("tiny-completion", ("pages=2",)))
    return ExploreRequest(
        text_, "tiny-completion", contender, walks=walks, pct=pct, seed=seed, max_depth=60
    )


@cache
def walked(contender: str, pct: int) -> Exploration:
    return explore(request(contender, pct))


@pytest.mark.parametrize("pct", [0, 2])
def test_walks_find_the_deadlock_and_its_schedule_is_cut_to_the_shortest(pct: int) -> None:
    found = walked("linux-3.10", pct)
    assert not found.exhausted
    violation = found.violations["no-deadlock"]
    schedule = schedule_of(request("linux-3.10", pct), "no-deadlock", violation)
    short = shorten(schedule)
    assert len(short.steps) == 7, "as of a search through every schedule"
    assert turns(short.steps) <= turns(schedule.steps)
    assert replay(short)[-1].closed


def test_walks_say_what_they_promise_and_leave_open_what_they_cannot_see() -> None:
    found = walked("linux-3.10+may-enter-fs", 0)
    assert "no-deadlock" not in found.violations
    assert text.verdict(found, "progress") == "not decided by walks"
    assert "with 95 % confidence fewer than 9.5" in text.promise(WalkReport(30, 60, 60, 9, 0, 1))
    deep = text.promise(WalkReport(1000, 10, 10, 4, 2, 1))
    assert "probability of at least 0.025, by 1000 with 1" in deep


def test_the_same_seed_makes_the_same_walks() -> None:
    first, again = (explore(request("linux-3.10", 2, 7, walks=5)) for _ in range(2))
    assert first.violations == again.violations
    assert first.walks == again.walks
