"""One search in several processes: the same graph, and no proof if one of them is lost."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner

from reclaimlab.cli import cli
from reclaimlab.explore.board import Board, Over
from reclaimlab.explore.explore import explore
from reclaimlab.explore.request import ExploreRequest, LostProcessError
from reclaimlab.scenarios.canonical import scenario_toml
from reclaimlab.scenarios.reader import load_scenario

ALWAYS: Final = "linux-3.10"
MEF: Final = "linux-3.10+may-enter-fs"


def request(contender: str, workers: int, pages: int, **more: Any) -> ExploreRequest:
    text = scenario_toml(load_scenario("tiny-completion", (f"workers={workers}", f"pages={pages}")))
    return ExploreRequest(text, "tiny-completion", contender, **more)


CUT_AT_A_DEPTH: Final = """
import sys
from reclaimlab.explore import universe
universe.enter()
from reclaimlab.explore import search
from reclaimlab.explore.child import explore_here
from reclaimlab.explore.request import ExploreRequest
search.LOOK_EVERY = 1
asked = ExploreRequest(sys.stdin.read(), "tiny-completion", sys.argv[1], max_depth=8)
found = explore_here(asked)
print(found.exhausted, found.why_cut)
"""
"""A search that looks at its bounds after each step."""


@pytest.mark.parametrize(
    ("contender", "workers", "pages", "jobs"), [(ALWAYS, 2, 3, 2), (MEF, 3, 4, 3)]
)
def test_several_processes_build_the_graph_of_one(
    contender: str, workers: int, pages: int, jobs: int
) -> None:
    alone = explore(request(contender, workers, pages))
    assert alone.states > 1000, "large enough to be shared"
    shared = explore(request(contender, workers, pages, jobs=jobs))
    assert shared.exhausted
    assert (shared.states, shared.transitions) == (alone.states, alone.transitions)
    assert shared.violations == alone.violations


def test_a_shared_search_that_is_cut_says_so_and_still_proves_what_it_has_met() -> None:
    cut = explore(request(ALWAYS, 2, 5, jobs=2, max_states=1500))
    assert not cut.exhausted
    assert "--max-states" in cut.why_cut
    assert cut.states < 3000
    assert "no-deadlock" in cut.violations


def test_a_shared_search_ends_soon_when_it_is_asked_to() -> None:
    began = time.monotonic()
    found = explore(request(ALWAYS, 3, 6, jobs=2), stop=lambda: True)
    assert not found.exhausted
    assert found.why_cut == "it was interrupted"
    assert time.monotonic() - began < 30


def test_a_search_that_was_cut_at_a_depth_stays_so_when_it_looks_at_its_other_bounds() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CUT_AT_A_DEPTH, ALWAYS],
        input=request(ALWAYS, 2, 3).scenario_text, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "False schedules are cut after 8 steps (--max-depth)\n"


def helpers_of(pid: int) -> list[int]:
    return [
        int(each.name)
        for each in Path("/proc").iterdir()
        if each.name.isdecimal() and parent_of(each) == pid
    ]


def parent_of(process: Path) -> int:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0  # it has just ended


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds the processes to kill in /proc")
@pytest.mark.parametrize("which", ["a helper", "the first"])
def test_a_process_that_is_killed_is_an_error_and_no_proof(which: str) -> None:
    killed: list[int] = []

    def kill_one(states: int, _transitions: int) -> None:
        (first,) = multiprocessing.active_children()
        helpers = helpers_of(first.pid or 0)
        if killed or not helpers or states < 1000:
            return
        killed.append(helpers[0] if which == "a helper" else first.pid or 0)
        os.kill(killed[0], signal.SIGKILL)

    with pytest.raises(LostProcessError, match="SIGKILL"):
        explore(request(ALWAYS, 2, 5, jobs=2), progress=kill_one)
    assert killed
    deadline = time.monotonic() + 10
    while helpers_of(killed[0]) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not helpers_of(killed[0])


def test_ctrl_c_keeps_what_a_shared_search_has_met() -> None:
    asked = ["explore", "tiny-completion", "--set", "workers=3", "--set", "pages=6", "--jobs", "2"]
    process = subprocess.Popen(
        [sys.executable, "-m", "reclaimlab", *asked],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    assert process.stderr is not None
    seen = b""
    while seen.count(b"states") < 8:
        seen += process.stderr.read(1)
    os.killpg(process.pid, signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0, out
    assert b"NOT every schedule: it was interrupted" in out


def test_jobs_of_walks_are_refused_with_the_way_out() -> None:
    done = CliRunner().invoke(cli, ["explore", "tiny-completion", "--walks", "3", "--jobs", "2"])
    assert done.exit_code == 2
    assert "--walks take one process" in done.stderr


def test_the_board_knows_each_key_once_also_where_places_collide() -> None:
    board = Board(multiprocessing.get_context("spawn"), 2, 10)
    keys = [bytes(8) + number.to_bytes(8, "big") for number in range(1, 50)]
    numbers = [board.enter(key) for key in keys]
    assert all(new for _, new in numbers)
    assert [board.enter(key) for key in keys] == [(place, False) for place, _ in numbers]
    assert len({place for place, _ in numbers}) == len(keys) == board.states
    assert board.number(bytes(15) + b"\xff") is None


def test_the_board_ends_when_nobody_has_anything_to_do_and_not_while_work_is_on_its_way() -> None:
    board = Board(multiprocessing.get_context("spawn"), 2, 10)
    board.starve(1)
    assert board.feed() == 1
    assert board.feed() == -1
    board.starve(0)
    assert not board.over, "the other has been given work"
    board.starve(1)
    board.end(Over.CUT)
    assert board.over is Over.FINISHED, "the first reason counts"
