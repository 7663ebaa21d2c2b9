"""What is installed: policies, plugins, scenarios."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from reclaimlab.scenarios.reader import builtin_scenarios

Call = Callable[..., Result]


def test_policies_lists_kernels_first(call: Call) -> None:
    lines = call("policies").stdout.splitlines()
    kinds = [line.split()[1] for line in lines[1:]]
    assert kinds == sorted(kinds, reverse=True)
    assert "linux-3.10" in lines[1]


def test_policies_json_has_parameters_in_peoples_units(call: Call) -> None:
    found = {each["name"]: each for each in json.loads(call("policies", "--json").stdout)}
    parameters = {each["name"]: each for each in found["congestion-wait"]["parameters"]}
    assert parameters["timeout"]["default"] == "100ms"
    assert found["linux-3.10"]["kind"] == "kernel"


def test_one_policy_is_told_with_its_references(call: Call) -> None:
    text = call("policies", "congestion-wait").stdout
    assert "timeout" in text
    assert "100ms" in text


def test_an_unknown_policy_names_the_near_one(call: Call) -> None:
    assert "did you mean 'may-enter-fs'" in call("policies", "may-enter", code=2).stderr


@pytest.mark.usefixtures("broken_policies")
def test_plugins_tells_where_each_comes_from(call: Call) -> None:
    found = {each["name"]: each for each in json.loads(call("plugins", "--json").stdout)}
    assert found["raises"]["distribution"] == "broken-plugin"
    assert found["linux-3.10"]["state"] == "loaded"
    assert "broken-plugin 1.0" in call("plugins").stdout


def test_scenarios_lists_all_with_what_decides(call: Call) -> None:
    found = json.loads(call("scenarios", "--json").stdout)
    assert tuple(each["name"] for each in found) == builtin_scenarios()
    assert all(each["decides"] for each in found)
    assert len(call("scenarios").stdout.splitlines()) == len(found) + 1


def test_the_text_of_a_scenario_is_printed_as_it_was_written(call: Call, tmp_path: Path) -> None:
    text = call("scenarios", "xfs-softlimit-hang").stdout
    assert text.startswith("#")
    copy = tmp_path / "mine.toml"
    copy.write_text(text)
    (found,) = json.loads(call("scenarios", copy, "--json").stdout)
    assert found["name"] == "xfs-softlimit-hang"
