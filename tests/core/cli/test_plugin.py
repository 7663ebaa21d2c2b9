"""The commands for authors of plugins, and the options that say which plugins are loaded."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reclaimlab.hosting.questions import QUESTIONS
from reclaimlab.policy import hookspecs

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

HOSTILE = Path(__file__).parents[2] / "plugins" / "hostile"

FIX = """# /// reclaimlab
# name = "lazy"
# class = "Lazy"
# ///
from reclaimlab.policy import Policy, PolicyInfo

print("lazy says hello")

class Lazy(Policy):
    "Changes nothing."
    info = PolicyInfo("lazy", "Changes nothing", "Nothing")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "plugins"
    place.mkdir()
    (place / "lazy.py").write_text(FIX)
    return place


def named(result: Result) -> dict[str, str]:
    return {each["name"]: each["state"] for each in json.loads(result.stdout)}


def test_the_folder_of_plugins_is_an_option_of_the_program_and_of_the_command(
    call: Callable[..., Result], folder: Path
) -> None:
    assert named(call("plugins", "--json", "--plugins-dir", folder))["lazy"] == "loaded"
    assert named(call("--plugins-dir", folder, "plugin", "list", "--json"))["lazy"] == "loaded"
    assert "lazy" not in named(call("plugins", "--json"))


def test_an_option_holds_for_its_own_command_only(
    call: Callable[..., Result], folder: Path
) -> None:
    before = dict(os.environ)
    call("plugins", "--plugins-dir", folder, "--no-plugins", "--disable-plugin", "x")
    assert dict(os.environ) == before


@pytest.mark.parametrize(
    ("options", "state"),
    [
        (("--no-plugins",), "disabled"),
        (("--load-plugins", "other"), "disabled"),
        (("--load-plugins", "lazy,other"), "loaded"),
        (("--disable-plugin", "lazy"), "disabled"),
        (("--disable-plugin", "other"), "loaded"),
    ],
)
def test_options_allow_deny_or_load_none(
    call: Callable[..., Result], folder: Path, options: tuple[str, ...], state: str
) -> None:
    found = named(call("plugins", "--json", "--plugins-dir", folder, *options))
    assert found["lazy"] == state
    assert found["linux-3.10"] == "loaded"


def test_a_policy_beside_the_scenario_runs_and_what_it_prints_is_shown(
    call: Callable[..., Result], tiny: Path
) -> None:
    (tiny.parent / "reclaimlab_plugins.py").write_text(FIX)
    result = call("run", tiny, "-c", "linux-3.10+lazy", "--json")
    assert json.loads(result.stdout)["contender"] == "linux-3.10+lazy"
    assert "lazy says hello" in result.stderr
    text = call("run", tiny, "-c", "linux-3.10+lazy", "--no-plugins", code=3).stderr
    assert "no plugin is loaded, by --no-plugins" in text


def test_a_run_with_a_plugin_that_changes_nothing_is_the_kernels_own(
    call: Callable[..., Result], folder: Path, tiny: Path
) -> None:
    apart = json.loads(
        call("run", tiny, "-c", "linux-3.10+lazy", "--json", "--plugins-dir", folder).stdout
    )
    here = json.loads(call("run", tiny, "-c", "linux-3.10", "--json").stdout)
    assert apart["contender"] != here["contender"]
    assert apart["metrics"] == here["metrics"]


def test_a_hostile_plugin_ends_a_single_run_with_its_name(
    call: Callable[..., Result], tiny: Path
) -> None:
    options = ("--plugins-dir", HOSTILE)
    said = call("run", tiny, "-c", "linux-3.10+exits-hard", *options, code=3).stderr
    assert "plugin exits-hard (in enter_scope, exits_hard.py:" in said


def test_hooks_lists_every_hook_and_explains_one(call: Callable[..., Result]) -> None:
    plain = json.loads(call("plugin", "hooks", "--json").stdout)
    every = {
        name for name in vars(hookspecs) if hasattr(getattr(hookspecs, name), "reclaimlab_spec")
    }
    assert {each["name"] for each in plain} == every
    assert [each["name"] for each in plain][: len(QUESTIONS)] == list(QUESTIONS)
    text = call("plugin", "hooks", "decide_writeback_wait").stdout
    for expected in ("When:", "Absent:", "class ReclaimView", "priority", "timeout_ns"):
        assert expected in text
    assert "did you mean 'decide_oom'" in call("plugin", "hooks", "decide_om", code=2).stderr


def test_new_names_the_files_and_refuses_a_folder_that_is_there(
    call: Callable[..., Result], tmp_path: Path
) -> None:
    made = call("plugin", "new", "half-wait", "--into", tmp_path).stdout.splitlines()
    assert all(Path(line).is_file() for line in made)
    assert (
        "is there already" in call("plugin", "new", "half-wait", "--into", tmp_path, code=2).stderr
    )
