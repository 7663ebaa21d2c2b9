"""What asks somebody else's policy is computed in a process that may be lost."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reclaimlab.runs.apart_process import PluginFailedError
from reclaimlab.runs.call_apart import call_apart
from reclaimlab.runs.inspect import inspect_run
from reclaimlab.runs.limits import Limits
from reclaimlab.units import SEC

if TYPE_CHECKING:
    from reclaimlab.scenarios.schema import Scenario

HOSTILE = Path(__file__).parents[2] / "plugins" / "hostile"


@pytest.fixture(autouse=True)
def hostile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECLAIMLAB_PLUGINS_DIR", str(HOSTILE))


def test_our_own_policies_are_asked_here() -> None:
    assert call_apart("linux-3.10+may-enter-fs", os.getpid) == os.getpid()


def test_others_are_asked_elsewhere() -> None:
    assert call_apart("linux-3.10+exits", os.getpid) != os.getpid()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("exits-hard", r"plugin exits-hard \(in enter_scope, exits_hard\.py:\d+\): ended the"),
        ("loops-for-ever", r"plugin loops-for-ever \(in describe_kernel, .*\): took over 3 s"),
    ],
)
def test_a_look_inside_a_run_survives_its_plugin(tiny: Scenario, name: str, said: str) -> None:
    contender = f"linux-3.10+{name}"
    with pytest.raises(PluginFailedError, match=said):
        call_apart(contender, inspect_run, tiny, contender, 1, limits=Limits(time=3 * SEC))


@pytest.mark.slow
def test_a_policys_error_comes_back_in_its_words(tiny: Scenario) -> None:
    contender = "linux-3.10+throws-dice"
    said = r"policy throws-dice, hook decide_writeback_wait at "
    with pytest.raises(PluginFailedError, match=said):
        call_apart(contender, inspect_run, tiny, contender, 1)
