"""What short runs of every scenario came to when somebody last looked at the numbers.

``pytest tests/golden --refresh-golden`` writes the files anew; read the difference first.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reclaimlab.runs.run import run_one
from reclaimlab.scenarios.builtin import builtin_scenarios
from reclaimlab.scenarios.reader import load_scenario
from reclaimlab.units import SEC

DATA = Path(__file__).parent / "data"
DURATION = 2 * SEC
SEED = 1
OTHERS = ("linux-3.10+may-enter-fs", "linux-6.1")
"""Beside the kernel that the scenario itself names."""


def contenders(name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((load_scenario(name).kernel, *OTHERS)))


RUNS = [(name, contender) for name in builtin_scenarios() for contender in contenders(name)]


def file_of(name: str, contender: str) -> Path:
    return DATA / name / f"{contender}-seed{SEED}.json"


def outcome(name: str, contender: str) -> dict[str, Any]:
    scenario = load_scenario(name).model_copy(update={"duration": DURATION})
    result = run_one(scenario, contender, SEED)
    return {
        "verdict": str(result.verdict),
        "ended": result.ended,
        "ended_s": result.ended_ns / SEC,
        "metrics": {metric: float(f"{value:.6g}") for metric, value in result.metrics.items()},
    }


@pytest.mark.parametrize(("name", "contender"), RUNS)
def test_a_short_run_comes_to_what_it_came_to_before(
    name: str, contender: str, request: pytest.FixtureRequest
) -> None:
    path = file_of(name, contender)
    now = outcome(name, contender)
    if request.config.getoption("--refresh-golden"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(now, indent=1, sort_keys=True) + "\n")
    assert path.exists(), "no such run yet: pytest tests/golden --refresh-golden"
    assert now == json.loads(path.read_text())


def test_no_file_is_left_of_a_run_that_is_no_longer_made(request: pytest.FixtureRequest) -> None:
    stale = set(DATA.glob("*/*.json")) - {file_of(*run) for run in RUNS}
    if request.config.getoption("--refresh-golden"):
        for path in stale:
            path.unlink()
        stale = set()
    assert stale == set()
