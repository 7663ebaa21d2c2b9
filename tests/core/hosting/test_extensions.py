"""Filesystems, devices, workloads and scenarios of plugins are named in scenarios as ours are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reclaimlab.errors import ExtensionError, ScenarioError
from reclaimlab.hosting.catalog import Catalog
from reclaimlab.hosting.contender import parse_contender
from reclaimlab.hosting.extensions import extensions, forget
from reclaimlab.hosting.host import build_table
from reclaimlab.machine import simulate
from reclaimlab.scenarios.reader import (
    known_scenarios,
    load_scenario,
    read_scenario,
    scenario_hash,
    scenario_toml,
)

if TYPE_CHECKING:
    from pathlib import Path

HEADER = '# /// reclaimlab\n# name = "{name}"\n# kind = "{kind}"\n# class = "Plugin"\n# ///\n'

SLUGGISH = '''
from dataclasses import dataclass
from reclaimlab.extending import BlockDevice, MSEC, parameter

class Sluggish(BlockDevice):
    """Every request waits for a head to arrive."""
    seek_ns = 0

    def queue_request(self, size, *, write):
        self.busy_until_ns = max(self.busy_until_ns, self._loop.now) + self.seek_ns
        return super().queue_request(size, write=write)

@dataclass(frozen=True)
class Parameters:
    """What it can be told."""
    seek: int = parameter(10 * MSEC, "Time of a seek.", unit="time", low=0)

class Plugin:
    name = "sluggish"
    Parameters = Parameters

    def make(self, place, parameters):
        device = Sluggish(place.loop, place.stream, place.name, **place.settings)
        device.seek_ns = parameters.seek
        return device
'''
SYNCFS = '''
from reclaimlab.extending import Ext4, Filesystem

class Syncfs(Ext4):
    """Small units only."""

class Plugin:
    name = "syncfs"
    like = "ext4"

    def features(self, base):
        return base._replace(max_ioend_pages=8)

    def mount(self, place, parameters):
        return Syncfs(*place)
'''
TOUCHER = '''
from dataclasses import dataclass
from reclaimlab.extending import MSEC, fault_in, pages, parameter, sleep

@dataclass(frozen=True)
class Parameters:
    """What it can be told."""
    size: int = parameter(1 << 20, "Memory it takes.", unit="bytes", low=4096)

class Plugin:
    name = "toucher"
    Parameters = Parameters

    def program(self, context, parameters):
        yield from fault_in(context, pages(parameters.size))
        yield from sleep(context, 500 * MSEC)
'''
BOOK = '''
from pathlib import Path
TEXT = """{text}"""

class Plugin:
    name = "book"

    def text(self):
        return TEXT
'''
SCENARIO = """
[scenario]
name = "plugged"
title = "everything a plugin can bring"
decides = "writer_throughput"
duration = "2s"
kernel = "linux-3.10"
[machine]
memory = "256MiB"
cgroup = "v1"
[memcg.box]
limit = "16MiB"
[device.sda]
write_bw = "20MB/s"
model = "sluggish"
[device.sda.options]
seek = "5ms"
[filesystem.data]
type = "syncfs"
device = "sda"
[task.dd]
program = "writer"
memcg = "box"
filesystem = "data"
[task.touch]
program = "toucher"
memcg = "box"
[task.touch.options]
size = "2MiB"
"""


@pytest.fixture(autouse=True)
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "plugins"
    folder.mkdir()
    texts = {
        "device": SLUGGISH,
        "filesystem": SYNCFS,
        "workload": TOUCHER,
        "scenario": BOOK.format(text=SCENARIO),
    }
    names = {"device": "sluggish", "filesystem": "syncfs", "workload": "toucher"}
    for kind, text in texts.items():
        header = HEADER.format(name=names.get(kind, "book"), kind=kind)
        (folder / f"{kind}_plugin.py").write_text(header + text)
    monkeypatch.setenv("RECLAIMLAB_PLUGINS_DIR", str(folder))
    forget()
    return folder


def ran(text: str) -> dict[str, float]:
    catalog = Catalog.discover()
    table = build_table(parse_contender("linux-3.10", catalog), catalog)
    return simulate(read_scenario(text, "plugged"), "linux-3.10", table, 1, check=True).metrics


def test_a_scenario_runs_on_a_plugged_device_filesystem_and_workload() -> None:
    slow = ran(SCENARIO)["writer_throughput"]
    fast = ran(SCENARIO.replace('seek = "5ms"', 'seek = "0s"'))["writer_throughput"]
    assert 0 < slow < 0.9 * fast


def test_the_options_of_a_plugin_stand_in_the_canonical_text_and_read_back() -> None:
    scenario = read_scenario(SCENARIO, "plugged")
    again = read_scenario(scenario_toml(scenario), "again")
    assert scenario_hash(again) == scenario_hash(scenario)
    assert again.device["sda"].options == {"seek": "5ms"}
    assert again.filesystem["data"].type == "syncfs"


def test_a_plugged_scenario_is_loaded_by_its_name() -> None:
    assert "book" in known_scenarios()
    assert load_scenario("book").title == "everything a plugin can bring"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"syncfs"', '"sincfs"', "did you mean 'syncfs'? allowed are: bare-xfs, ext3, ext4,"),
        ('"sluggish"', '"slugish"', "did you mean 'sluggish'?"),
        ('"toucher"', '"touchr"', "did you mean 'toucher'?"),
        ("seek =", "sek =", "device sluggish has no option 'sek'; did you mean 'seek'?"),
        ('"2MiB"', '"1KiB"', "size is 1KiB, below its least value 4KiB"),
    ],
)
def test_a_misspelt_plugin_or_option_is_named_with_the_near_one_and_its_line(
    old: str, new: str, said: str
) -> None:
    with pytest.raises(ScenarioError) as raised:
        read_scenario(SCENARIO.replace(old, new), "plugged")
    assert said in str(raised.value)
    assert "line " in str(raised.value)


def test_a_broken_extension_is_listed_with_its_error_and_hurts_nobody_else(plugins: Path) -> None:
    header = HEADER.format(name="broken", kind="metric")
    (plugins / "broken.py").write_text(header + "raise ZeroDivisionError('oh')")
    forget()
    assert extensions("metric")["broken"].error == "ZeroDivisionError: oh"
    with pytest.raises(ExtensionError, match="metric broken: ZeroDivisionError: oh"):
        extensions("metric")["broken"].load()
    assert extensions("device")["sluggish"].error is None


def test_an_extension_without_what_its_kind_asks_for_says_what_is_missing(plugins: Path) -> None:
    text = HEADER.format(name="half", kind="property") + "class Plugin:\n    name = 'half'\n"
    (plugins / "half.py").write_text(text)
    forget()
    assert extensions("property")["half"].error == "a property has holds, and this one has not"


def test_an_extension_that_raises_while_a_run_is_made_is_named(plugins: Path) -> None:
    device = plugins / "device_plugin.py"
    device.write_text(device.read_text().replace("device = Sluggish", "device = Slugish"))
    forget()
    with pytest.raises(ExtensionError, match=r"device sluggish: make\(\) raised NameError"):
        ran(SCENARIO)


def test_a_plugins_option_is_set_by_its_dotted_path() -> None:
    bare = SCENARIO.replace('[device.sda.options]\nseek = "5ms"\n', "")
    scenario = read_scenario(bare, "plugged", ["device.sda.options.seek=7ms"])
    assert scenario.device["sda"].options == {"seek": "7ms"}
    with pytest.raises(ScenarioError, match="did you mean 'seek'"):
        read_scenario(bare, "plugged", ["device.sda.options.sek=7ms"])
