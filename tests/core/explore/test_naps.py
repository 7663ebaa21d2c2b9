"""Naps in vain, made one move: the same verdicts, and schedules that ordinary generators follow."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from typing import Any, Final

import pytest

from reclaimlab.explore import text
from reclaimlab.explore.explore import explore
from reclaimlab.explore.replay import replay
from reclaimlab.explore.request import ExploreRequest
from reclaimlab.explore.schedule import Schedule
from reclaimlab.scenarios.canonical import scenario_toml
from reclaimlab.scenarios.reader import load_scenario

CONGESTION: Final = "linux-3.10+congestion-wait"

FEWER_TRIES: Final = """
import json, sys
from reclaimlab.explore import universe
universe.enter()
from reclaimlab.explore import naps
from reclaimlab.explore.child import explore_here
from reclaimlab.explore.request import ExploreRequest
from reclaimlab.kernel import vmscan
contender, one_by_one, priorities = sys.argv[1], sys.argv[2] == "yes", int(sys.argv[3])
vmscan.DEF_PRIORITY = priorities
if one_by_one:
    naps.make = lambda machine, move, before: machine.step(move) or [move]
found = explore_here(
    ExploreRequest(sys.stdin.read(), "tiny-completion", contender, max_seconds=120)
)
print(json.dumps([found.exhausted, found.states, sorted(found.violations)]))
"""
"""An exploration of a kernel that tries few priorities, with naps in vain one by one or not."""


def scenario(pages: int, gfp: str) -> str:
    settings = ("workers=1", f"pages={pages}", f"writer_gfp={gfp}")
    return scenario_toml(load_scenario("tiny-completion", settings))


def explored(scenario_text: str, contender: str, *, one_by_one: bool) -> tuple[bool, int, Any]:
    """Explore with the priorities 1 and 0 only."""
    how = "yes" if one_by_one else "no"
    done = subprocess.run(
        [sys.executable, "-c", FEWER_TRIES, contender, how, "1"],
        input=scenario_text, capture_output=True, text=True, check=True,
    )  # fmt: skip
    exhausted, states, violated = json.loads(done.stdout)
    return exhausted, states, violated


@pytest.mark.parametrize(
    ("contender", "gfp"),
    [("linux-3.10+timed-page-wait", "fs"), ("linux-3.10+reclaim-throttle", "nofs")],
)
def test_naps_one_by_one_and_in_one_move_come_to_the_same_verdicts(
    contender: str, gfp: str
) -> None:
    together = explored(scenario(2, gfp), contender, one_by_one=False)
    alone = explored(scenario(2, gfp), contender, one_by_one=True)
    assert together[0]
    assert alone[0]
    assert together[2] == alone[2]
    assert together[1] < alone[1]


@cache
def congestion() -> Any:
    return explore(ExploreRequest(scenario(2, "nofs"), "tiny-completion", CONGESTION))


def test_congestion_wait_never_deadlocks_and_can_kill_early() -> None:
    found = congestion()
    assert found.exhausted
    assert set(found.violations) == {"no-premature-oom"}


def test_a_schedule_with_naps_in_vain_has_each_of_them_and_shows_them_as_one() -> None:
    violation = congestion().violations["no-premature-oom"]
    views = replay(
        Schedule(
            "tiny-completion", scenario(2, "nofs"), CONGESTION, "coarse", "no-premature-oom",
            violation.what, violation.no_return, violation.steps,
        )
    )  # fmt: skip
    assert views[-1].oom
    naps = sum(step.kind == "timeout" for step in violation.steps)
    assert naps == 6 * 2 * 13, "6 tries of a charge, each twice through 13 priorities"
    shown = text.steps(views).splitlines()
    assert len(shown) < 20
    assert any(line.endswith(f"and so on, {naps - 1} times") for line in shown)
