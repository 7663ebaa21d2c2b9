"""Faults that were planted are found each time, in no more steps than are known to do."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PLANTED = Path(__file__).parent / "planted.py"
KNOWN = {"lost-wake-up": 12, "no-recheck": 11, "inversion": 11}
"""Steps of the shortest schedules, as found by looking at every move of every state."""


def planted(fault: str, *how: str) -> dict[str, Any]:
    command = [sys.executable, str(PLANTED), fault, *how]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["exhausted"]
    violated: dict[str, Any] = found["violated"]
    return violated


@pytest.mark.parametrize("fault", KNOWN)
def test_a_planted_fault_is_a_global_deadlock_in_as_few_steps_as_are_known(fault: str) -> None:
    what, steps = planted(fault)["no-deadlock"]
    assert what == "global deadlock"
    assert steps <= KNOWN[fault]


def test_without_a_fault_nothing_is_found_and_a_dropped_completion_leaves_a_page_uncleaned() -> (
    None
):
    assert planted("none") == {}
    assert "all-cleaned" in planted("dropped")


def test_the_known_length_is_that_of_a_search_without_reductions() -> None:
    assert planted("lost-wake-up", "whole")["no-deadlock"][1] == KNOWN["lost-wake-up"]
