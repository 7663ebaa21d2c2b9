"""The limits of a run with somebody else's plugin are read from a variable, and kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reclaimlab.runs.compare import make_plan
from reclaimlab.runs.limits import VARIABLE, LimitError, Limits
from reclaimlab.runs.pool import run_all
from reclaimlab.units import GIB, MIB, SEC

if TYPE_CHECKING:
    from pathlib import Path

    from reclaimlab.scenarios.schema import Scenario

SLOW = """# /// reclaimlab
# name = "slow"
# class = "Slow"
# ///
from reclaimlab.policy import Policy, PolicyInfo, hookimpl

class Slow(Policy):
    "Takes its time at every sample."
    info = PolicyInfo("slow", "t", "c")

    @hookimpl
    def sampled(self):
        sum(range(20_000_000))
"""


def test_each_limit_can_be_set_and_the_others_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "stuck=5s, memory=1GiB")
    assert Limits.from_environment() == Limits(stuck=5 * SEC, memory=GIB)
    monkeypatch.delenv(VARIABLE)
    assert Limits.from_environment() == Limits(3600 * SEC, 60 * SEC, 4 * GIB, MIB)


@pytest.mark.parametrize(
    ("text", "said"),
    [("stack=5s", "did you mean 'stuck'?"), ("time=soon", "time: "), ("memory", "memory: ")],
)
def test_a_limit_that_cannot_be_read_is_told(
    monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    monkeypatch.setenv(VARIABLE, text)
    with pytest.raises(LimitError, match=VARIABLE) as raised:
        Limits.from_environment()
    assert said in str(raised.value)


@pytest.mark.slow
def test_a_run_that_goes_on_and_on_is_ended_and_its_plugin_named(
    tiny: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    monkeypatch.setenv("RECLAIMLAB_PLUGINS_DIR", str(tmp_path))
    plan = make_plan(tiny, ["linux-3.10", "linux-3.10+slow"], [1])
    outcomes = run_all(plan.requests, limits=Limits(time=SEC, stuck=60 * SEC))
    errors = {record.contender: record.error for _, record in outcomes}
    assert errors["linux-3.10"] == ""
    assert "plugin slow (in sampled, slow.py:13): took over 1 s" in errors["linux-3.10+slow"]
