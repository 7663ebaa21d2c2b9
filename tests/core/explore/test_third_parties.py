"""Policies and properties of third parties, in the process that explores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reclaimlab.errors import ExtensionError, PolicyError
from reclaimlab.explore.explore import explore
from reclaimlab.explore.request import ExploreRequest
from reclaimlab.scenarios.canonical import scenario_toml
from reclaimlab.scenarios.reader import load_scenario

if TYPE_CHECKING:
    from pathlib import Path

MEF = "linux-3.10+may-enter-fs"
FOLDER = "RECLAIMLAB_PLUGINS_DIR"

FEW = """# /// reclaimlab
# name = "few-dirty"
# kind = "property"
# class = "Few"
# ///
class Few:
    name = "few-dirty"

    def holds(self, state):
        return state.counts["box.dirty"] < 2
"""

WORKERS_WAIT = """# /// reclaimlab
# name = "workers-wait"
# class = "WorkersWait"
# ///
from reclaimlab.policy import Action, Policy, PolicyInfo, WritebackDecision, hookimpl
from reclaimlab.policy.gfp import PF_WQ_WORKER

class WorkersWait(Policy):
    info = PolicyInfo(name="workers-wait", title="a planted fault", claim="none")

    @hookimpl
    def decide_writeback_wait(self, folio, reclaim):
        if reclaim.targets_memcg and folio.reclaim and reclaim.task_flags & PF_WQ_WORKER:
            return WritebackDecision(Action.WAIT)
        return None
"""

FICKLE = """# /// reclaimlab
# name = "fickle"
# class = "Fickle"
# ///
from reclaimlab.policy import Action, Policy, PolicyInfo, WritebackDecision, hookimpl

class Fickle(Policy):
    info = PolicyInfo(name="fickle", title="answers what it likes", claim="none")
    turn = 0

    @hookimpl
    def decide_writeback_wait(self, folio, reclaim):
        self.turn += 1
        return WritebackDecision(Action.KEEP, mark_reclaim=bool(self.turn % 2))
"""


STATEFUL = """# /// reclaimlab
# name = "stateful"
# class = "Stateful"
# ///
from reclaimlab.policy import OomAction, Policy, PolicyInfo, hookimpl

class Stateful(Policy):
    info = PolicyInfo(name="stateful", title="remembers what it was asked", claim="none")
    turn = 0

    @hookimpl
    def decide_oom(self, failure):
        self.turn += 1
        return OomAction.ENOMEM if self.turn % 2 else OomAction.FORCE
"""


def request(contender: str) -> ExploreRequest:
    scenario = load_scenario("tiny-completion", ("pages=2", "writer_gfp=fs"))
    return ExploreRequest(scenario_toml(scenario), "tiny-completion", contender, max_seconds=60)


def plug(folder: Path, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "plugin.py").write_text(source)
    monkeypatch.setenv(FOLDER, str(folder))


def test_a_property_of_a_third_party_is_checked_in_every_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plug(tmp_path, FEW, monkeypatch)
    found = explore(request(MEF))
    assert found.brought == ("few-dirty",)
    assert len(found.violations["few-dirty"].steps) == 4, "create, write, think, write"
    assert set(found.violations) == {"few-dirty"}


def test_a_worker_that_a_policy_lets_wait_is_found_with_the_known_shortest_schedule(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plug(tmp_path, WORKERS_WAIT, monkeypatch)
    found = explore(request(f"{MEF}+workers-wait"))
    assert len(found.violations["no-deadlock"].steps) == 7


def test_a_policy_that_does_not_answer_the_same_twice_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plug(tmp_path, FICKLE, monkeypatch)
    with pytest.raises(PolicyError, match=r"fickle.*decide_writeback_wait"):
        explore(request("linux-3.10+fickle"))


def test_a_policy_whose_hidden_state_makes_the_same_prefix_end_elsewhere_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plug(tmp_path, STATEFUL, monkeypatch)
    text = scenario_toml(load_scenario("tiny-completion", ("pages=2",)))
    with pytest.raises(PolicyError, match=r"stateful.*decide_oom.*same prefix"):
        explore(ExploreRequest(text, "tiny-completion", f"{MEF}+stateful", max_seconds=60))


ENDS = """# /// reclaimlab
# name = "{name}"
# class = "Ends"
# ///
import ctypes, os
from reclaimlab.policy import Policy, PolicyInfo, hookimpl

class Ends(Policy):
    info = PolicyInfo(name="{name}", title="ends the process or hangs", claim="none")

    @hookimpl
    def decide_writeback_wait(self, folio, reclaim):
        {body}
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        ("leaves", "os._exit(7)", r"plugin leaves: ended the process .*\(exit code 7\)"),
        ("crashes", "ctypes.string_at(0)", r"plugin crashes: ended the process .*\(SIGSEGV\)"),
        ("loops", "\n        while True: pass", r"plugin loops: gave no sign for 3 s"),
    ],
)
def test_a_policy_that_ends_the_search_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, body: str, said: str
) -> None:
    (tmp_path / f"{name}.py").write_text(ENDS.format(name=name, body=body))
    monkeypatch.setenv(FOLDER, str(tmp_path))
    monkeypatch.setattr("reclaimlab.explore.explore.STUCK_S", 3.0)
    with pytest.raises(ExtensionError, match=said):
        explore(request(f"linux-3.10+{name}"))
