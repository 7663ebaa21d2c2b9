"""What the README for policy authors says is what the code does."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
import sys
import tomllib
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reclaimlab.hosting.catalog import GROUP, OURS, Catalog
from reclaimlab.hosting.conformance import check_policy
from reclaimlab.hosting.contender import parse_contender
from reclaimlab.hosting.host import build_table
from reclaimlab.hosting.reference import hook_objects, hook_table, hook_text, policy_table, refresh
from reclaimlab.hosting.sources import KINDS
from reclaimlab.policy import Policy, contexts, decisions, hookspecs
from reclaimlab.policy.policy import parameter_fields
from reclaimlab.runs.limits import Limits
from reclaimlab.runs.measuring import measure_with
from reclaimlab.runs.sections import render_with
from reclaimlab.testing import run_small, small_scenario

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


def view_of(hook: str, argument: str) -> str:
    """Return the class that an argument is of; it is one of policy's, or a plain value."""
    signature = inspect.signature(getattr(hookspecs, hook))
    return str(signature.parameters[argument].annotation)


def test_the_examples_of_a_metric_and_a_section_keep_their_rules() -> None:
    _, metric, section = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    made: dict[str, Any] = {}
    for source in (metric, section):
        exec(source, made)
    unit, better, value = measure_with(made["DirtySwing"](), run_small(small_scenario()))
    assert (unit, better) == ("pages", "lower")
    assert value is not None
    contender = types.SimpleNamespace(contender="linux-3.10", verdict="ok")
    comparison = types.SimpleNamespace(contenders=[contender])
    title, blocks = render_with(made["WhoCameThrough"](), comparison)
    assert title == "Who came through"
    assert blocks[0] == "Without a bad verdict: linux-3.10."


def test_every_hook_and_argument_is_told_in_its_reference() -> None:
    for hook in hook_objects():
        name = str(hook["name"])
        text, doc = hook_text(name), inspect.getdoc(getattr(hookspecs, name)) or ""
        for argument in hook["arguments"]:
            kind = view_of(name, argument)
            told = f"class {kind}(" in text or f"``{argument}``" in doc or kind == "Scope"
            assert told, f"{name}: say what {argument} is"
        if hook["kind"] != "notification":
            assert "When:" in text
            assert hook["absent"] or hook["combined"], hook["name"]
        else:
            assert hook["summary"]


def untold_fields(module: types.ModuleType) -> Iterator[str]:
    """Yield the fields of a module's classes that no words follow, as `Class.field`."""
    for made in ast.parse(inspect.getsource(module)).body:
        if isinstance(made, ast.ClassDef):
            assert ast.get_docstring(made), made.name
            for place, each in enumerate(made.body):
                following = made.body[place + 1 : place + 2]
                told = [ast.get_docstring(ast.Module([found], [])) for found in following]
                if isinstance(each, ast.Assign | ast.AnnAssign) and not any(told):
                    yield f"{made.name}.{ast.unparse(each)}"


def test_every_field_of_what_a_hook_is_told_and_may_answer_is_documented() -> None:
    assert [*untold_fields(contexts), *untold_fields(decisions)] == []


def test_a_field_without_words_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    source = 'class A:\n    """Doc."""\n    told: int\n    """Words."""\n    untold: int = 3\n'
    monkeypatch.setattr(inspect, "getsource", lambda _: source)
    assert list(untold_fields(contexts)) == ["A.untold: int = 3"]


def test_every_parameter_of_every_policy_of_ours_is_documented() -> None:
    for name, each in Catalog.discover().of_distribution(OURS).policies.items():
        for spec in parameter_fields(each):
            assert len(spec.metadata["doc"].split()) > 3, f"{name}: say what {spec.name} does"


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
