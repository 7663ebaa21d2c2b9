"""The canonical text reads back as an equal scenario, whatever is in it."""

from __future__ import annotations

import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reclaimlab.measure.records import METRICS
from reclaimlab.scenarios.canonical import scenario_toml
from reclaimlab.scenarios.lines import LineIndex
from reclaimlab.scenarios.reader import builtin_scenarios, load_scenario, read_scenario
from reclaimlab.scenarios.schema import Scenario, ScenarioFile

NAMES = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,8}", fullmatch=True)
LINES = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), min_size=1)
SIZES = st.integers(0, 1 << 50).map(lambda size: f"{size}B") | st.sampled_from(["5MB", "3GiB"])
SOME_SIZES = st.integers(1, 1 << 50)
TIMES = st.integers(1, 1 << 60).map(lambda time: f"{time}ns") | st.sampled_from(["1.5s", "2h"])


def some(**optional: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=optional)


MACHINES = st.fixed_dictionaries(
    {"memory": st.integers(1 << 20, 1 << 50), "cgroup": st.sampled_from(["v1", "v2"])},
    optional={"cpus": st.integers(1, 64), "dirty_bytes": SIZES, "dirty_expire": TIMES},
)
DEVICES = st.fixed_dictionaries(
    {"write_bw": SOME_SIZES},
    optional={"read_bw": SOME_SIZES, "jitter": st.floats(0, 0.5), "kind": st.text()},
)
TASKS = st.one_of(
    some(total=SIZES, think=TIMES, kthread=st.booleans()).map({"program": "writer"}.__or__),
    some(step=SOME_SIZES).map({"program": "mapper", "size": "1MiB"}.__or__),
    some(cached=st.booleans()).map({"program": "reader", "file_size": "1GiB"}.__or__),
)


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    data: dict[str, Any] = {
        "scenario": {
            "name": draw(NAMES),
            "title": draw(LINES),
            "description": draw(st.text()),
            "decides": draw(st.sampled_from(["verdict", *METRICS])),
            "duration": draw(TIMES),
            "kernel": draw(LINES),
        },
        "machine": draw(MACHINES),
        "device": draw(st.dictionaries(NAMES, DEVICES, min_size=1, max_size=3)),
        "memcg": draw(st.dictionaries(NAMES, some(limit=SIZES), max_size=3)),
        "task": draw(st.dictionaries(NAMES, TASKS, min_size=1, max_size=3)),
    }
    device = st.sampled_from(sorted(data["device"]))
    data["filesystem"] = {draw(NAMES): {"type": "xfs", "device": draw(device)}}
    for task in data["task"].values():
        task["filesystem"] = next(iter(data["filesystem"]))
        task["memcg"] = draw(st.sampled_from(["", *data["memcg"]]))
    if draw(st.booleans()):
        measured = st.dictionaries(LINES, st.floats(allow_nan=False, allow_infinity=False))
        data["recording"] = {"dir": draw(st.text()), "run": "r", "kernel": "6.18"}
        data["recording"]["measured"] = draw(measured)
    return Scenario.of(ScenarioFile.model_validate(data))


@given(scenarios())
def test_the_canonical_text_reads_back_as_an_equal_scenario(scenario: Scenario) -> None:
    text = scenario_toml(scenario)
    assert read_scenario(text, "again") == scenario
    assert scenario_toml(read_scenario(text, "again")) == text


@given(scenarios())
def test_the_short_text_means_the_same(scenario: Scenario) -> None:
    assert read_scenario(scenario_toml(scenario, defaults=False), "short") == scenario


@given(st.sampled_from(builtin_scenarios()), st.integers(1, 1 << 40), st.integers(1, 99))
def test_settings_survive_the_canonical_text(name: str, size: int, count: int) -> None:
    settings = [f"machine.min_free={size}", f"machine.idle_workers={count}", f"duration={count}ms"]
    scenario = load_scenario(name, settings)
    assert scenario.machine.idle_workers == count
    assert read_scenario(scenario_toml(scenario), name) == scenario


@given(scenarios())
def test_the_line_index_finds_every_key_of_a_text_on_its_line(scenario: Scenario) -> None:
    text = scenario_toml(scenario)
    lines = text.split("\n")
    index = LineIndex(text)
    for section, tables in tomllib.loads(text).items():
        for key in tables:
            line = index.line((section, key))
            assert line is not None
            assert lines[line - 1].startswith((f"{key} =", f"[{section}.{key}"))


LONG = """\
a = \"\"\"
[x]
b = 1
\"\"\"
c = [
  "[y]", # d = ]
]
[t."u".v]
e.f = ''''
'''

g = 1
"""


def test_the_line_index_finds_its_way_past_long_strings_and_arrays() -> None:
    index = LineIndex(LONG)
    assert tomllib.loads(LONG)["t"]["u"]["v"]["g"] == 1
    assert [index.line(path) for path in [("a",), ("c",), ("t", "u", "v", "e", "f")]] == [1, 5, 9]
    assert index.line(("t", "u", "v", "g")) == 12
    assert index.line(("x",)) is None
    assert index.line(("b",)) is None
