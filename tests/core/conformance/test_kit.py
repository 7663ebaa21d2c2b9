"""`plugin check` finds each rule that a plugin breaks, and lives whatever the plugin does."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reclaimlab.conformance.kit import Check, check
from reclaimlab.conformance.target import find_targets
from reclaimlab.errors import ReclaimlabError
from reclaimlab.hosting.scaffold import make_project

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

HOSTILE = Path(__file__).parents[2] / "plugins" / "hostile"
HEADER = '# /// reclaimlab\n# name = "{name}"\n# class = "{name}"\n# ///\n'
POLICY = """
from reclaimlab.policy import *
from reclaimlab.policy import hookimpl
{imports}

class fix(Policy):
    "A fix."
    info = PolicyInfo("fix", "A fix", "Nothing")

    @hookimpl
    def {hook}:
        {body}
"""


@pytest.fixture
def at_full_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep coverage out of the process that measures what a decision costs."""
    monkeypatch.delenv("COVERAGE_PROCESS_START", raising=False)


def failures(path: Path, *, seconds: float = 25) -> dict[str, str]:
    (target,) = find_targets(str(path))
    return {each.name: each.detail for each in check(target, seconds=seconds) if not each.passed}


def written(folder: Path, hook: str, body: str, imports: str = "") -> Path:
    path = folder / "fix.py"
    path.write_text(
        HEADER.format(name="fix") + POLICY.format(hook=hook, body=body, imports=imports)
    )
    return path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "rule", "said"),
    [
        ("counts_its_calls", "pure hooks are pure", "its answer changes"),
        ("dies_at_import", "survives", "dies-at-import (in <module>, dies_at_import.py:"),
        ("exits_hard", "survives", "exits-hard (in enter_scope, exits_hard.py:"),
        ("loops_for_ever", "survives", "loops-for-ever (in describe_kernel, loops_for_ever.py:"),
        ("patches_the_engine", "the tool is left alone", "reclaimlab.kernel.vmscan.shrink_zone"),
        ("raises_at_construction", "hooks", "__init__: raised RuntimeError: not today"),
        ("throws_dice", "no clock, dice, threads, files or network", "calls random.choice()"),
    ],
)
def test_a_hostile_plugin_fails_the_rule_that_it_breaks(name: str, rule: str, said: str) -> None:
    found = failures(HOSTILE / f"{name}.py", seconds=3)
    assert list(found) == [rule]
    assert said in found[rule]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("hook", "body", "imports", "rule", "said"),
    [
        (
            "decide_writeback_weight(self, folio)", "return None", "",
            "hooks", "no hook; did you mean 'decide_writeback_wait'?",
        ),
        (
            "decide_oom(self, failur)", "return None", "",
            "hooks", "decide_oom has no argument 'failur'; did you mean 'failure'?",
        ),
        (
            "decide_oom(self, failure)", "time.monotonic()", "import time",
            "no clock, dice, threads, files or network", "calls time.monotonic()",
        ),
        (
            "decide_oom(self, failure)", "socket.socket()", "import socket",
            "no clock, dice, threads, files or network", "causes socket.__new__",
        ),
        (
            "decide_oom(self, failure)", "threading.Thread().start()", "import threading",
            "no clock, dice, threads, files or network", "calls Thread.start()",
        ),
        (
            "decide_oom(self, failure)", "sum(range(1000))", "",
            "cost of a decision", "decide_oom",
        ),
    ],
)  # fmt: skip
def test_a_fix_fails_the_rule_that_it_breaks(
    tmp_path: Path, hook: str, body: str, imports: str, rule: str, said: str
) -> None:
    found = failures(written(tmp_path, hook, body, imports))
    assert list(found) == [rule]
    assert said in found[rule]


@pytest.mark.usefixtures("at_full_speed")
@pytest.mark.slow
def test_answers_that_follow_the_hash_seed_differ_between_two_processes(tmp_path: Path) -> None:
    body = "return WritebackDecision(Action.KEEP, mark_reclaim=hash('dice') % 3 == 0)"
    path = written(tmp_path, "decide_writeback_wait(self, folio, reclaim)", body)
    seeds = [hash_of("dice", seed) % 3 == 0 for seed in ("1", "2")]
    found = failures(path)
    assert len(set(seeds)) == 2
    assert list(found) == ["two processes with two hash seeds agree"]


def hash_of(word: str, seed: str) -> int:
    import os
    import subprocess
    import sys

    ran = subprocess.run(
        [sys.executable, "-c", f"print(hash({word!r}))"],
        env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return int(ran.stdout)


@pytest.mark.usefixtures("at_full_speed")
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["policy", "device", "metric", "report"])
def test_a_new_project_of_each_kind_keeps_every_rule(tmp_path: Path, kind: str) -> None:
    make_project("very-new", kind, tmp_path)
    assert failures(tmp_path / "very-new") == {}


@pytest.mark.usefixtures("at_full_speed")
@pytest.mark.slow
def test_a_policy_of_ours_keeps_every_rule_in_time() -> None:
    start = time.monotonic()
    (target,) = find_targets("wait-after-batch")
    checks = check(target)
    assert [each for each in checks if not each.passed] == []
    assert time.monotonic() - start < 30
    assert Check("loads", passed=True, detail=target.source.module) in checks


def test_what_is_no_plugin_is_refused_with_the_near_name(tmp_path: Path) -> None:
    with pytest.raises(ReclaimlabError, match="did you mean 'may-enter-fs'"):
        find_targets("may-entre-fs")
    with pytest.raises(ReclaimlabError, match=r"has no pyproject\.toml"):
        find_targets(str(tmp_path))
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "other"\n')
    with pytest.raises(ReclaimlabError, match="announces no plugin"):
        find_targets(str(tmp_path))


@pytest.mark.slow
def test_the_command_prints_a_table_or_json_and_exits_with_3_for_a_broken_rule(
    call: Callable[..., Result],
) -> None:
    text = call("plugin", "check", HOSTILE / "out_of_range.py", code=3).stdout
    assert "answers in range" in text
    assert text.splitlines()[-1].startswith("out-of-range breaks 1 of ")
    shown = call("plugin", "check", HOSTILE / "of_the_future.py", "--json", code=3).stdout
    (plain,) = json.loads(shown)
    assert plain["passed"] is False
    assert plain["checks"][0]["name"] == "loads"
