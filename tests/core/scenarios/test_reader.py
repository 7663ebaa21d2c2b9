"""Reading scenarios: every fault at once, with its line, and settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reclaimlab.errors import Fault, ScenarioError
from reclaimlab.scenarios.reader import (
    builtin_scenarios,
    load_scenario,
    read_scenario,
    scenario_hash,
    scenario_text,
    scenario_toml,
)
from reclaimlab.units import MIB, MSEC, SEC

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """\
# a small scenario
[scenario]
name = "small"
title = "one writer"
decides = "verdict"
duration = "10s"
kernel = "linux-3.10"

[parameters.limit]
default = "20M"
unit = "bytes"
doc = "limit of the memcg"
choices = ["5M", "20M"]
sets = ["memcg.box.limit"]

[machine]
memory = "1GiB"
cgroup = "v1"

[memcg.box]
limit = "64M"

[device.sda]
write_bw = "5MB/s"

[filesystem]
data = { type = "ext4", device = "sda" }

[task.dd]
program = "writer"
memcg = "box"
filesystem = "data"
"""


def faults_of(text: str, *settings: str) -> tuple[Fault, ...]:
    with pytest.raises(ScenarioError) as caught:
        read_scenario(text, "small.toml", settings)
    return caught.value.faults


def the_fault(text: str, *settings: str) -> Fault:
    (fault,) = faults_of(text, *settings)
    return fault


def line_of(text: str, start: str) -> int:
    return 1 + [line.startswith(start) for line in text.splitlines()].index(True)


def test_four_faults_are_reported_at_once_each_with_its_line() -> None:
    text = (
        GOOD.replace('limit = "64M"', 'limt = "64M"')
        .replace('duration = "10s"', 'duration = "10 sek"')
        .replace('cgroup = "v1"', 'cgroup = "v3"')
        .replace('memcg = "box"', 'memcg = "bx"')
    )
    assert [(fault.path, fault.line) for fault in faults_of(text)] == [
        ("scenario.duration", line_of(text, "duration")),
        ("machine.cgroup", line_of(text, "cgroup")),
        ("memcg.box.limt", line_of(text, "limt")),
        ("task.dd.memcg", line_of(text, "memcg =")),
    ]


def test_an_unknown_key_names_the_near_one() -> None:
    fault = the_fault(GOOD.replace('limit = "64M"', 'limt = "64M"'))
    assert fault.message.startswith("unknown key 'limt'; did you mean 'limit'?")


def test_an_unknown_section_names_the_near_one() -> None:
    fault = the_fault(GOOD + "\n[devices.sdb]\nwrite_bw = 1\n")
    assert fault.message.startswith("unknown key 'devices'; did you mean 'device'?")
    assert fault.line == line_of(GOOD + "\n[devices.sdb]", "[devices")


def test_a_literal_tells_what_is_allowed() -> None:
    fault = the_fault(GOOD.replace('cgroup = "v1"', 'cgroup = "v3"'))
    assert fault.message == "'v3' is not allowed; did you mean 'v2'? allowed are: v1, v2"


def test_an_unknown_program_names_the_near_one() -> None:
    fault = the_fault(GOOD.replace('"writer"', '"writr"'))
    assert fault.message.startswith("unknown program 'writr'; did you mean 'writer'?")
    assert fault.path == "task.dd"


def test_a_unit_fault_speaks_the_words_of_units() -> None:
    fault = the_fault(GOOD.replace('"5MB/s"', '"5Mbit"'))
    assert "unknown unit 'Mbit'" in fault.message
    assert "known are b, k, kib" in fault.message


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('memory = "1GiB"', "memory = 1.5", "1.5 is not a quantity"),
        ('memory = "1GiB"', "memory = true", "True is not a quantity"),
        ('memory = "1GiB"', 'memory = "1GiB"\ncpus = "2"', "'2' is not a whole number"),
        ('memory = "1GiB"', 'memory = "1GiB"\ncpus = true', "True is not a whole number"),
        ('memory = "1GiB"', 'memory = "1GiB"\ndirty_ratio = 120', "120 is over the most, 100"),
        ('memory = "1GiB"', 'memory = "1KiB"', "under the least"),
        ('memory = "1GiB"\n', "", "key 'memory' is missing: RAM (bytes)"),
        ('write_bw = "5MB/s"', 'write_bw = "5 sek"', "unknown unit 'sek'"),
        ('write_bw = "5MB/s"', 'write_bw = "0MB/s"', "'0MB/s' is under the least, 1"),
        ('write_bw = "5MB/s"', "write_bw = 5\njitter = nan", "nan is not a finite number"),
        ('duration = "10s"', "duration = 0", "0 is under the least, 1"),
        ("[machine]", "[machine.x]\n[machine]", "unknown key 'x'"),
        ("[task.dd]", "[task.Dd]", "'Dd' is not a name"),
        ('title = "one writer"', 'title = "one\\nwriter"', "has more than one line"),
        ('title = "one writer"', "title = 5", "5 is not text"),
        ('decides = "verdict"', 'decides = "oom_kill"', "did you mean 'oom_kills'?"),
        ('device = "sda"', 'device = "sdb"', "there is no device 'sdb'; did you mean 'sda'?"),
        (', device = "sda"', "", "a filesystem needs a device, but for tmpfs"),
        ('filesystem = "data"', "", "a writer needs a filesystem"),
        ('limit = "64M"', 'limit = "64M"\nsoft_limit = "65M"', "65MiB is over limit, 20MiB"),
        ('limit = "64M"', 'limit = "64M"\nhigh = "5M"', "high is of cgroup v2"),
        ('limit = "64M"', 'parent = "box"', "goes round: box -> box"),
        ('memory = "1GiB"', 'memory = "1GiB"\nswap_device = "sdb"', "there is no device 'sdb'"),
        ('memory = "1GiB"', 'memory = "1GiB"\nswap_size = "1G"', "swap needs a device"),
        ('"memcg.box.limit"', '"memcg.box.limt"', "did you mean 'limit'?"),
        ('"memcg.box.limit"', "", "is empty"),
        ('default = "20M"', 'default = "21M"', "'21M' is no choice"),
        ('choices = ["5M", "20M"]', 'choices = "5M"', "'5M' is not a list"),
        ('choices = ["5M", "20M"]', 'choices = ["20M", [5]]', "is neither text, nor a number"),
        ('unit = "bytes"', 'unit = "litres"', "allowed are: '', bytes, count, rate, time"),
    ],
)
def test_each_fault_is_one_clear_line(old: str, new: str, words: str) -> None:
    assert old in GOOD
    fault = the_fault(GOOD.replace(old, new))
    assert words in fault.message
    assert "\n" not in str(fault)
    assert fault.line


def test_a_soft_limit_with_cgroup_v2_is_a_fault() -> None:
    text = GOOD.replace('"v1"', '"v2"').replace('limit = "64M"', 'soft_limit = "9M"')
    assert "gone in cgroup v2" in the_fault(text).message


def test_a_scenario_without_a_task_is_a_fault() -> None:
    text = GOOD[: GOOD.index("[task.dd]")]
    assert "no task" in the_fault(text).message


def test_a_key_of_an_inline_table_is_found_on_its_line() -> None:
    fault = the_fault(GOOD.replace('type = "ext4"', 'type = "ext5"'))
    assert fault.line == line_of(GOOD, "data = ")


def test_a_syntax_error_is_one_fault_with_its_line() -> None:
    fault = the_fault(GOOD.replace('limit = "64M"', "limit = 64M"))
    assert fault.line == line_of(GOOD, 'limit = "64M"')
    assert "is not TOML" in fault.message


def test_a_parameter_gives_its_paths_its_default() -> None:
    assert read_scenario(GOOD, "small.toml").memcg["box"].limit == 20 * MIB


def test_a_parameter_is_set_by_its_bare_name_in_any_spelling_of_its_choice() -> None:
    scenario = read_scenario(GOOD, "small.toml", ["limit=5MiB"])
    assert scenario.memcg["box"].limit == 5 * MIB
    assert scenario.parameters["limit"].default == "5M"


def test_a_value_that_is_no_choice_of_the_parameter_names_the_choices() -> None:
    assert "its choices are: 20M, 5M" in the_fault(GOOD, "limit=21M").message


def test_a_dotted_path_is_stronger_than_the_parameter_that_sets_it() -> None:
    scenario = read_scenario(GOOD, "small.toml", ["memcg.box.limit=21M", "limit=5M"])
    assert scenario.memcg["box"].limit == 21 * MIB
    assert scenario.parameters == {}


def test_settings_reach_every_kind_of_value() -> None:
    settings = ["duration=5", "machine.cpus=4", "device.sda.jitter=0.5", "task.dd.kthread=true"]
    settings += ["scenario.title=5", "memcg.box.swappiness=0", "device.sda.latency=15ms"]
    scenario = read_scenario(GOOD, "small.toml", settings)
    assert (scenario.duration, scenario.title) == (5 * SEC, "5")
    assert (scenario.machine.cpus, scenario.task["dd"].kthread) == (4, True)
    assert (scenario.device["sda"].jitter, scenario.device["sda"].latency) == (0.5, 15 * MSEC)
    assert scenario.memcg["box"].swappiness == 0


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("limti=5M", "did you mean 'limit'? parameters: limit"),
        ("memcg.box.limt=5M", "did you mean 'limit'? in memcg.box there are: high, limit"),
        ("memcg.bx.limit=5M", "did you mean 'box'? in memcg there are: box"),
        ("devce.sda.write_bw=5M", "did you mean 'device.sda.write_bw'?"),
        ("durtion=5s", "did you mean 'duration'?"),
        ("machine=5", "is a table, not a value"),
        ("limit", "is no setting; write path=value"),
        ("=5", "is no setting; write path=value"),
    ],
)
def test_a_setting_that_names_nothing_tells_what_exists(setting: str, words: str) -> None:
    assert words in the_fault(GOOD, setting).message


def test_a_faulty_value_of_a_setting_does_not_blame_a_line_of_the_file() -> None:
    fault = the_fault(GOOD, "machine.cpus=two")
    assert (fault.path, fault.line) == ("machine.cpus", None)
    assert "given with --set" in fault.message


@pytest.mark.parametrize("value", ["0", "0MiB", "0.0G"])
def test_a_limit_is_not_set_to_the_word_for_none_unawares(value: str) -> None:
    fault = the_fault(GOOD, f"memcg.box.limit={value}")
    assert "memcg.box.limit: 0 is no limit at all" in fault.message
    told = GOOD.replace("[memcg.box]", "[memcg.open]\nlimit = 0\n\n[memcg.box]")
    assert read_scenario(told, "file").memcg["open"].limit == 0


@pytest.mark.parametrize("value", ["-5M", " -1", "-.5GiB", "\N{MINUS SIGN}5M"])
def test_a_size_below_zero_is_called_so(value: str) -> None:
    assert "is below zero" in the_fault(GOOD, f"memcg.box.limit={value}").message


def test_read_bandwidth_follows_write_bandwidth_unless_it_is_given() -> None:
    assert read_scenario(GOOD, "x", ["device.sda.write_bw=7MB"]).device["sda"].read_bw == 7_000_000
    settings = ["device.sda.read_bw=9MB"]
    assert read_scenario(GOOD, "x", settings).device["sda"].read_bw == 9_000_000


def test_an_unknown_name_names_the_near_one_and_all_that_exist() -> None:
    with pytest.raises(ScenarioError, match="did you mean 'hocko-dd'") as caught:
        load_scenario("hocko-d")
    assert all(name in str(caught.value) for name in builtin_scenarios())


@given(
    st.sampled_from(range(len(GOOD.splitlines()))),
    st.sampled_from(["5", "-1", "true", "nan", "[1]", "{a = 1}", '""', '"x"', "1979-05-27"]),
    st.sampled_from([(), ("limit=5M",), ("machine.cpus=3",), ("memcg.box.limit=[1]",), ("..=1",)]),
)
def test_a_wrong_value_anywhere_is_told_in_lines_and_never_by_a_traceback(
    line: int, value: str, settings: tuple[str, ...]
) -> None:
    lines = GOOD.splitlines()
    key, equals, _ = lines[line].partition("=")
    lines[line] = f"{key}= {value}" if equals else f"[x]\n{key}"
    told = None
    try:
        read_scenario("\n".join(lines), "small.toml", settings)
    except ScenarioError as error:
        told = error
    assert told is None or len(str(told).splitlines()) == len(told.faults)


def test_a_path_that_is_no_scenario_gives_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "empty.toml").touch()
    (tmp_path / "binary.toml").write_bytes(b"\x7fELF\0\xff\xfe")
    (tmp_path / "zeros.toml").write_bytes(bytes(5 << 20))
    (tmp_path / "deep.toml").write_text("x = " + "[" * 5000)
    cases = {
        "missing.toml": "No such file",
        "empty.toml": "is empty",
        "binary.toml": "is binary",
        "zeros.toml": "is over 4 MiB",
        "deep.toml": "nested too deep|is not TOML",
        ".": "Is a directory",
    }
    for name, words in cases.items():
        with pytest.raises(ScenarioError, match=words) as caught:
            load_scenario(str(tmp_path / name))
        assert len(str(caught.value).splitlines()) == 1


def test_a_file_reads_as_its_text_does_with_either_newline(tmp_path: Path) -> None:
    path = tmp_path / "small.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load_scenario(str(path)) == read_scenario(GOOD, "small.toml")


def test_equal_scenarios_have_one_hash_and_a_setting_changes_it() -> None:
    one = scenario_hash(read_scenario(GOOD, "one"))
    assert one == scenario_hash(read_scenario("# other comment\n" + GOOD, "two"))
    assert one != scenario_hash(read_scenario(GOOD, "one", ["limit=5M"]))


@pytest.mark.parametrize("name", builtin_scenarios())
def test_every_library_file_opens_with_what_it_stresses_and_what_decides(name: str) -> None:
    lines = scenario_text(name).splitlines()
    comment = [line for line in lines[: lines.index("")] if line.startswith("#")]
    assert comment[0].startswith("# Stresses: ")
    assert any(line.startswith("# Source: ") for line in comment)
    assert any(line.startswith("# Decides: ") for line in comment)
    assert 3 <= len(comment) <= 8


@pytest.mark.parametrize("name", builtin_scenarios())
def test_every_library_file_loads_under_its_own_name(name: str) -> None:
    scenario = load_scenario(name)
    assert scenario.name == name
    assert read_scenario(scenario_toml(scenario), name) == scenario


def test_the_library_has_every_scenario_of_the_contract() -> None:
    promised = """xfs-softlimit-hang xfs-hardlimit-dd dd-usb-ext4 dd-usb-xfs hocko-dd two-dd-100m
        ext4-unsubmitted-2015 cgroup-v2-dd global-dirty shrinker-recursion loop-noio
        vmalloc-in-transaction cmwq-slow-progress"""
    assert set(promised.split()) <= set(builtin_scenarios())
