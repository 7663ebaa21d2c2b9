"""What a plugin does to its own run is its own affair: it is named, and nobody else is touched."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from reclaimlab.errors import PolicyError
from reclaimlab.hosting.questions import QUESTIONS
from reclaimlab.policy import hookspecs
from reclaimlab.runs.run import run_one
from reclaimlab.scenarios.reader import load_scenario
from reclaimlab.store.fingerprint import result_hash
from reclaimlab.store.reader import StoreReader
from reclaimlab.testing import hooks_of, throwaway_policy

HERE = Path(__file__).parent
HOSTILE = HERE / "hostile"
TINY = HERE.parent / "core" / "tiny.toml"

SAID = {
    "counts-its-calls": "hook decide_writeback_wait: is pure, but answered",
    "dies-at-import": "its import ended the process (exit code 0)",
    "eats-memory": "hook enter_scope: raised MemoryError",
    "exits": "hook describe_kernel: raised SystemExit: 0",
    "exits-hard": "exits-hard (in enter_scope, exits_hard.py:",
    "imports-slowly": "its import took over 2 s",
    "loops-for-ever": "loops-for-ever (in describe_kernel, loops_for_ever.py:",
    "mutates-its-view": "hook enter_scope: raised AttributeError",
    "of-the-future": "written for plugin API >=2.0,<3.0; this is 1.0",
    "out-of-range": "answered timeout_ns -1; the rule is a whole number >= 0",
    "patches-at-import": "its import changes reclaimlab.kernel.costs.MAP_EXTENT_NS",
    "patches-the-engine": "changes reclaimlab.kernel.vmscan.shrink_zone; a plugin may not",
    "prints": "raised OutputLimitError: printed more than 1MiB",
    "raises-at-construction": "hook __init__: raised RuntimeError: not today",
    "raises-at-import": "RuntimeError: no import today",
    "removes-another": "removes linux-3.10; a policy may not",
    "segfaults": "segfaults (in enter_scope, segfaults.py:",
    "throws-dice": "calls random.choice(): a hook has no clock, dice or threads",
    "wrong-type": "hook describe_kernel: answered 'worker'; the rule is Features or None",
}
"""What each of the files in hostile/ comes to, in the words of its failed run."""


class Compared(NamedTuple):
    code: int
    stderr: str
    db: Path


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Compared:
    db = tmp_path_factory.mktemp("hostile") / "runs.sqlite"
    contenders = ["linux-3.10", *(f"linux-3.10+{name}" for name in SAID), "linux-4.2"]
    command = [sys.executable, "-m", "reclaimlab", "compare", str(TINY), "--seeds", "1"]
    command += ["--jobs", "2", "--db", str(db)]
    for each in contenders:
        command += ["-c", each]
    settings = {
        "RECLAIMLAB_PLUGINS_DIR": str(HOSTILE),
        "RECLAIMLAB_LIMITS": "stuck=3s",
        "RECLAIMLAB_IMPORT_LIMIT": "2",
    }
    ran = subprocess.run(
        command, env={**os.environ, **settings}, capture_output=True, text=True, check=False
    )
    return Compared(ran.returncode, ran.stderr, db)


def test_every_file_of_the_folder_is_a_hostile_plugin_of_this_test() -> None:
    assert {path.stem.replace("_", "-") for path in HOSTILE.glob("*.py")} == set(SAID)


@pytest.mark.slow
@pytest.mark.parametrize("name", SAID)
def test_a_hostile_plugin_fails_its_own_run_and_is_named(compared: Compared, name: str) -> None:
    (said,) = (
        line for line in compared.stderr.splitlines() if line.startswith(f"linux-3.10+{name} ")
    )
    assert "seed 1 failed: " in said
    assert name in said.partition("failed: ")[2]
    assert SAID[name] in said


@pytest.mark.slow
def test_the_other_runs_are_stored_and_the_exit_code_says_that_a_plugin_failed(
    compared: Compared,
) -> None:
    assert compared.code == 3
    with StoreReader(compared.db) as reader:
        (stored,) = reader.comparisons()
        records = list(reader.runs(stored.id))
    assert stored.stored_runs == len(SAID) + 2
    sound = {each.contender: each.result_hash for each in records if each.failure is None}
    clean = {
        name: result_hash(run_one(load_scenario(str(TINY)), name, 1))
        for name in ("linux-3.10", "linux-4.2")
    }
    assert sound == clean


@pytest.mark.parametrize("hook", QUESTIONS)
def test_a_policy_that_raises_in_a_hook_is_named_with_the_hook(hook: str) -> None:
    def stumble() -> None:
        raise ZeroDivisionError("by zero")

    table = hooks_of("linux-3.10", [throwaway_policy("stumbles", **{hook: stumble})])
    question = next(iter(QUESTIONS[hook]()))
    with pytest.raises(PolicyError, match=f"policy stumbles, hook {hook}: raised Zero"):
        getattr(table, hook)(*question)


@pytest.mark.parametrize("notification", sorted(hookspecs.NOTIFICATIONS))
def test_an_observer_that_leaves_is_told_no_more_and_the_run_goes_on(
    notification: str, caplog: pytest.LogCaptureFixture
) -> None:
    def leave() -> None:
        raise SystemExit(1)

    table = hooks_of("linux-3.10", [throwaway_policy("leaves", **{notification: leave})])
    table.notify(notification)
    assert f"observer leaves, hook {notification} raised" in caplog.text
