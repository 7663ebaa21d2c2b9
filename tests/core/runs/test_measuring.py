"""Metrics of plugins: measured of every run, stored, judged, and contained when they break."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from reclaimlab.cli import cli
from reclaimlab.hosting.extensions import forget
from reclaimlab.measure.records import METRICS
from reclaimlab.runs.bundle import make_bundle, read_bundle, write_bundle
from reclaimlab.runs.compare import compare, make_plan
from reclaimlab.runs.comparison import Comparison, summarise
from reclaimlab.scenarios.reader import scenario_toml
from reclaimlab.store.reader import StoreReader
from reclaimlab.store.writer import StoreWriter

if TYPE_CHECKING:
    from pathlib import Path

    from reclaimlab.scenarios.schema import Scenario

HEADER = '# /// reclaimlab\n# name = "{name}"\n# kind = "metric"\n# class = "Metric"\n# ///\n'
METRIC = '''
{imports}

class Metric:
    """Of a test."""
    name = "{name}"
    unit = "{unit}"
    better = "lower"

    def measure(self, result):
        {body}
'''
SOUND = 'return result.metrics["dirty_peak"] + 1'
PAIR = ["linux-3.10", "linux-3.10+may-enter-fs"]
Put = Callable[..., None]


@pytest.fixture
def put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Put:
    """Put a metric into the folder of plugins."""
    folder = tmp_path / "plugins"
    folder.mkdir()
    monkeypatch.setenv("RECLAIMLAB_PLUGINS_DIR", str(folder))
    monkeypatch.setenv("RECLAIMLAB_LIMITS", "stuck=2s,memory=2GiB,output=64KiB")

    def put(name: str, body: str, imports: str = "", unit: str = "pages") -> None:
        text = METRIC.format(name=name, body=body, imports=imports, unit=unit)
        (folder / f"{name}.py").write_text(HEADER.format(name=name) + text)
        forget()

    return put


def compared(tiny: Scenario, path: Path, seeds: int = 2) -> Comparison:
    with StoreWriter(path) as writer:
        return compare(make_plan(tiny, PAIR, range(1, seeds + 1)), writer)


def test_a_metric_is_measured_stored_and_judged_as_ours_are(
    put: Put, tiny: Scenario, tmp_path: Path
) -> None:
    put("peak_and_one", SOUND)
    found = compared(tiny, tmp_path / "runs.sqlite")
    base = found.contenders[0]
    ours, theirs = base.metrics["dirty_peak"], base.metrics["peak_and_one"]
    assert (theirs.mean, theirs.n, theirs.info.unit) == (ours.mean + 1, 2, "pages")
    assert found.metric_names()[-1] == "peak_and_one"
    assert found.pair(PAIR[1], "peak_and_one") is not None
    assert found.faults == ()
    with StoreReader(tmp_path / "runs.sqlite") as reader:
        stored = reader.comparison(found.id)
        assert summarise(stored.id, stored.head, reader.runs(stored.id)) == found


def test_what_is_installed_changes_nothing_of_what_is_said_of_our_metrics(
    put: Put, tiny: Scenario, tmp_path: Path
) -> None:
    without = compared(tiny, tmp_path / "without.sqlite")
    put("peak_and_one", SOUND)
    found = compared(tiny, tmp_path / "with.sqlite")
    ours = [pair for pair in found.pairs if pair.judged.metric in METRICS]
    assert ours == list(without.pairs)
    hashes = []
    for name, comparison in (("without", without), ("with", found)):
        with StoreReader(tmp_path / f"{name}.sqlite") as reader:
            hashes.append([each.result_hash for each in reader.runs(comparison.id)])
    assert hashes[0] == hashes[1]


FAULTY = {
    "raises": ("raise ValueError('no')", "", "metric raises: measure() raised ValueError: no"),
    "exits": ("raise SystemExit(4)", "", "metric exits: measure() raised SystemExit: 4"),
    "text": ("return 'many'", "", "gave 'many'; the rule is a finite number or None"),
    "nan": ("return float('nan')", "", "gave nan; the rule is a finite number or None"),
    "dice": ("return random.random()", "import random", "measure calls random.random()"),
    "leaves": ("os._exit(5)", "import os", "plugin leaves (in measure, leaves.py:16): ended"),
    "crashes": ("ctypes.string_at(0)", "import ctypes", "crashes (in measure, crashes.py:16)"),
    "loops": ("while True: pass", "", "loops (in measure, loops.py:16): took over 2 s"),
    "greedy": ("return len(bytearray(8 << 30))", "", "measure() raised MemoryError"),
    "prints": ("print('x' * (100 << 20))", "", "printed more than 64KiB"),
    "patches": (
        "measuring.measure_with = None", "from reclaimlab.runs import measuring",
        "metric patches: changes reclaimlab.runs.measuring.measure_with; a",
    ),
    "import_exits": ("return 1", "import sys; sys.exit(3)", "SystemExit: 3"),
    "import_leaves": ("return 1", "import os; os._exit(3)", "ended the process that called it"),
}  # fmt: skip


@pytest.mark.slow
def test_faulty_metrics_are_named_and_everything_else_is_stored(
    put: Put, tiny: Scenario, tmp_path: Path
) -> None:
    for name, (body, imports, _) in FAULTY.items():
        put(name, body, imports)
    put("sound", SOUND)
    found = compared(tiny, tmp_path / "runs.sqlite", seeds=1)
    for (name, (_, _, said)), fault in zip(sorted(FAULTY.items()), found.faults, strict=True):
        assert said in fault
        assert name in fault
        assert "(2 of 2 runs; " in fault
    assert all("sound" in each.metrics for each in found.contenders)
    assert not any(name in each.metrics for each in found.contenders for name in FAULTY)
    assert found.stored_runs == 2
    assert not any(each.failures for each in found.contenders)


def test_a_metric_that_breaks_a_rule_is_refused_in_its_words(
    put: Put, tiny: Scenario, tmp_path: Path
) -> None:
    put("<b>", SOUND)
    put("dirty_peak", SOUND)
    put("wide", SOUND, unit="a very wide unit indeed")
    markup, ours, wide = compared(tiny, tmp_path / "runs.sqlite", seeds=1).faults
    assert "the rule for its name is letters" in markup
    assert "dirty_peak is a metric of reclaimlab's" in ours
    assert "the rule is 1 to 16 letters" in wide


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments))


@pytest.fixture
def decided(put: Put, tiny: Scenario, tmp_path: Path) -> Path:
    """Write a scenario that is decided by a metric of a plugin."""
    put("peak_and_one", SOUND)
    path = tmp_path / "tiny.toml"
    decided = tiny.model_copy(update={"decides": "peak_and_one"})
    path.write_text(scenario_toml(decided))
    return path


def test_a_scenario_may_be_decided_by_a_metric_of_a_plugin(decided: Path, tmp_path: Path) -> None:
    db = str(tmp_path / "runs.sqlite")
    arguments = ["-c", PAIR[0], "-c", PAIR[1], "--seeds", "1", "--jobs", "1", "--db", db]
    ran = invoke("compare", str(decided), *arguments)
    assert ran.exit_code == 0, ran.output
    assert "peak_and_one" in ran.stdout.splitlines()[0]
    ran = invoke("compare", str(decided), *arguments, "--disable-plugin", "peak_and_one")
    assert ran.exit_code == 2
    assert "'peak_and_one' is no metric" in ran.stderr


@pytest.mark.usefixtures("decided")
def test_run_prints_the_same_object_as_compare_of_one_seed(tmp_path: Path) -> None:
    path, db = str(tmp_path / "tiny.toml"), str(tmp_path / "runs.sqlite")
    one = json.loads(invoke("run", path, "-c", PAIR[0], "--seed", "3", "--json").stdout)
    ran = invoke(
        "compare", path, "-c", PAIR[0], "--seed", "3", "--seeds", "1", "--db", db, "--json"
    )
    (contender,) = json.loads(ran.stdout)["contenders"]
    for metric in one["metrics"].values():
        assert metric.pop("value") == metric["mean"]
    assert {name: one[name] for name in contender} == contender
    assert "peak_and_one" in contender["metrics"]


@pytest.mark.slow
def test_a_faulty_metric_ends_run_and_compare_with_3_after_they_have_printed(
    put: Put, tiny: Scenario, tmp_path: Path
) -> None:
    put("bad", "raise ValueError('no')")
    path, db = tmp_path / "tiny.toml", str(tmp_path / "runs.sqlite")
    path.write_text(scenario_toml(tiny))
    for command in (["run"], ["compare", "--seeds", "2", "--db", db]):
        ran = invoke(*command, str(path), "-c", PAIR[0])
        assert ran.exit_code == 3
        assert "metric bad: measure() raised ValueError: no" in ran.stderr
        assert "writer_throughput" in ran.stdout
    ran = invoke("report", "latest", "--db", db)
    assert ran.exit_code == 0
    assert "Plugins at fault" in ran.stdout


def test_a_bundle_keeps_what_the_metrics_of_plugins_said(
    put: Put, tiny: Scenario, tmp_path: Path
) -> None:
    put("peak_and_one", SOUND)
    found = compared(tiny, tmp_path / "runs.sqlite", seeds=1)
    with StoreReader(tmp_path / "runs.sqlite") as reader:
        records = reader.runs(found.id)
    write_bundle(tmp_path / "x.zip", make_bundle(found.id, found.head, records), {})
    again = read_bundle(tmp_path / "x.zip").records
    assert [each.plugin_metrics for each in again] == [each.plugin_metrics for each in records]
    assert summarise(found.id, found.head, again) == found
