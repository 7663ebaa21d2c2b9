"""What the README for policy authors says is what the code does."""

from __future__ import annotations

import dataclasses
import re
import sys
import tomllib
import types
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reclaimlab.hosting.catalog import GROUP, OURS, Catalog
from reclaimlab.hosting.conformance import check_policy
from reclaimlab.hosting.contender import parse_contender
from reclaimlab.hosting.host import build_table
from reclaimlab.hosting.reference import hook_objects, hook_table, hook_text, policy_table, refresh
from reclaimlab.hosting.sources import KINDS
from reclaimlab.policy import Policy, hookspecs
from reclaimlab.runs.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator

README = Path(__file__).resolve().parents[3] / "plugins" / "README.md"


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", README.read_text(), re.DOTALL)
    assert found
    return found[1]


@pytest.fixture
def tutorial() -> Iterator[types.ModuleType]:
    module = types.ModuleType("wait_late")
    sys.modules["wait_late"] = module  # where dataclasses look for the annotations of a class
    exec(block("python"), vars(module))
    yield module
    del sys.modules["wait_late"]


def test_the_tables_of_the_readme_are_current() -> None:
    text = README.read_text()
    current = refresh(text, Catalog.discover().of_distribution(OURS))
    assert current == text, "run: python -m reclaimlab.hosting.reference plugins/README.md"


def test_the_tables_name_every_hook_and_every_policy() -> None:
    ours = Catalog.discover().of_distribution(OURS)
    hooks = {
        name for name in vars(hookspecs) if hasattr(getattr(hookspecs, name), "reclaimlab_spec")
    }
    assert all(f"`{name}(" in README.read_text() for name in hooks)
    assert hook_table().count("\n") == 2 + len(hooks - hookspecs.NOTIFICATIONS)
    assert policy_table(ours).count("\n") == 2 + len(ours.names)


def test_the_tutorial_fix_conforms_and_its_example_builds(tutorial: types.ModuleType) -> None:
    [(name, value)] = tomllib.loads(block("toml"))["project"]["entry-points"][GROUP].items()
    fix = getattr(tutorial, value.partition(":")[2])
    assert issubclass(fix, Policy)
    assert fix.info.name == name
    assert check_policy(fix) == ()
    found = re.search(r'-c "([^"]+)"', README.read_text())
    assert found
    catalog = Catalog.of(fix, Catalog.discover().get("linux-3.10"))
    build_table(parse_contender(found[1], catalog), catalog)


def test_every_hook_and_argument_is_told_in_its_reference() -> None:
    for hook in hook_objects():
        text = hook_text(str(hook["name"]))
        for argument in hook["arguments"]:
            assert argument in text
        if hook["kind"] != "notification":
            assert "When:" in text
            assert hook["absent"] or hook["combined"], hook["name"]
        else:
            assert hook["summary"]


def test_every_kind_of_plugin_is_in_the_readme_with_its_group() -> None:
    for kind, group in KINDS.items():
        assert f"| `{kind}` | `{group}` |" in README.read_text()


def test_every_limit_and_option_is_in_the_readme() -> None:
    text = README.read_text()
    for field in dataclasses.fields(Limits):
        assert f"| `{field.name}` |" in text
    for option in ("--plugins-dir", "--load-plugins", "--disable-plugin", "--no-plugins"):
        assert option in text
    for fixture in ("check_policy", "tiny_scenario", "run_tiny", "throwaway_plugin"):
        assert f"`{fixture}`" in text
