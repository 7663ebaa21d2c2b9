"""kill -9 of each command that writes: what was there stays, what is new is whole or not there.

`test_crash.py` has the comparison; here are sweep, import, migration, delete, bundle, the window.
"""

from __future__ import annotations

import gzip
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from reclaimlab.runs.bundle import read_bundle
from reclaimlab.runs.compare import compare, make_plan
from reclaimlab.scenarios import recordings
from reclaimlab.scenarios.reader import load_scenario
from reclaimlab.store.reader import StoreReader
from reclaimlab.store.recovery import recovered
from reclaimlab.store.sweeps import SweepReader
from reclaimlab.store.writer import StoreWriter

Whole = Callable[[Path], int]
Killed = Callable[[], None]

HERE = Path(__file__).parent
RECORDING = Path(recordings.__path__[0]) / "a_seq_xfs_20MBps_32M_r1"
COMMAND = """
import sys
from reclaimlab.cli import bundle, import_, runs
from reclaimlab.cli.runs import delete, tag
from reclaimlab.cli.sweep import run
from reclaimlab.reports import formats, html
from reclaimlab.scenarios import importers
from reclaimlab.cli import main
print("ready", flush=True)
sys.stdin.readline()
main()
"""


@contextmanager
def ready(arguments: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Start a command that has imported all it needs and waits for a line."""
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.stdin.write(b"go\n")
        process.stdin.flush()
        yield process


def kill(process: subprocess.Popen[bytes], after_s: float) -> None:
    time.sleep(after_s)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def duration(arguments: list[str]) -> float:
    """Return how long a command takes when nobody kills it."""
    with ready(arguments) as process:
        begun = time.monotonic()
        assert process.wait() == 0
        return time.monotonic() - begun


@pytest.fixture
def moments() -> Random:
    return Random(11)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store of eight comparisons of four runs."""
    store = tmp_path_factory.mktemp("stored") / "runs.sqlite"
    scenario = load_scenario(str(HERE.parent / "core" / "tiny.toml"))
    plan = make_plan(scenario, ["linux-3.10", "linux-3.5"], [1, 2])
    with StoreWriter(store) as writer:
        first = compare(plan, writer).id
    with StoreReader(store) as reader:
        records = reader.runs(first, series=True)
    with StoreWriter(store) as writer:
        for _ in range(7):
            comparison = writer.begin_comparison(plan.head)
            for number, record in enumerate(records):
                writer.add_run(comparison, number, record)
    return store


@pytest.mark.slow
def test_a_killed_delete_took_a_comparison_away_whole_or_not_at_all(
    stored: Path, tmp_path: Path, soak: bool, whole_runs: Whole, moments: Random, killed: Killed
) -> None:
    store = tmp_path / "runs.sqlite"
    delete = ["runs", "delete", "latest", "--yes", "--db", str(store)]
    shutil.copyfile(stored, store)
    longest = duration(delete)
    for _ in range(45 if soak else 1):
        shutil.copyfile(stored, store)
        with ready(delete) as process:
            kill(process, moments.uniform(0, longest))
            killed()
        assert whole_runs(store) in (28, 32)


@pytest.mark.slow
def test_a_killed_bundle_is_whole_or_not_there(
    stored: Path, tmp_path: Path, soak: bool, whole_runs: Whole, moments: Random, killed: Killed
) -> None:
    output = tmp_path / "out.zip"
    bundle = ["bundle", "latest", "-o", str(output), "--db", str(stored)]
    longest = duration(bundle)
    for _ in range(45 if soak else 1):
        output.unlink(missing_ok=True)
        with ready(bundle) as process:
            kill(process, moments.uniform(0, longest))
            killed()
        if output.exists():
            assert len(read_bundle(output).records) == 4
    assert whole_runs(stored) == 32


@pytest.mark.slow
def test_a_killed_import_is_whole_or_not_there(
    tmp_path: Path, soak: bool, moments: Random, killed: Killed
) -> None:
    output = tmp_path / "out.toml"
    arguments = ["import", "vmstat", str(RECORDING), "-o", str(output)]
    longest = duration(arguments)
    for _ in range(45 if soak else 1):
        output.unlink()
        shutil.rmtree(output.with_name("out.recording"))
        with ready(arguments) as process:
            kill(process, moments.uniform(0, longest))
            killed()
        if not output.exists():
            assert duration(arguments)
        loaded = load_scenario(str(output))
        assert loaded.recording
        assert {each.name for each in output.with_name("out.recording").iterdir()} >= {
            "samples.csv",
            "latency.csv",
        }


@pytest.mark.slow
@pytest.mark.parametrize("version", [1, 2])
def test_a_killed_migration_loses_nothing_and_the_next_start_ends_it(
    version: int, tmp_path: Path, soak: bool, whole_runs: Whole, moments: Random, killed: Killed
) -> None:
    old = gzip.decompress((HERE / "stores" / f"version-{version}.sqlite.gz").read_bytes())
    store = tmp_path / "runs.sqlite"
    copy = store.with_name(f"runs.sqlite.version-{version}")
    tag = ["runs", "tag", "latest", "again", "--db", str(store)]
    store.write_bytes(old)
    longest = duration(tag)
    for _ in range(25 if soak else 1):
        for file in tmp_path.glob("runs.sqlite*"):
            file.unlink()
        store.write_bytes(old)
        with ready(tag) as process:
            kill(process, moments.uniform(0, longest))
            killed()
        assert duration(tag)
        assert whole_runs(store) == 4
        assert whole_runs(copy) == 4
        with StoreReader(store) as reader:
            assert reader.comparison("latest").tags == ("again", "kept")


@pytest.mark.slow
def test_a_killed_sweep_keeps_every_run_and_is_told_of(
    tiny: Path, tmp_path: Path, soak: bool, moments: Random, killed: Killed
) -> None:
    store, there, told = tmp_path / "runs.sqlite", 0, 0
    sweep = [
        "sweep", "run", str(tiny), "-c", "linux-3.10", "--vary", "memcg.box.limit=8M..64M:2000",
        "--jobs", "1", "--db", str(store),
    ]  # fmt: skip
    for _ in range(45 if soak else 2):
        with ready(sweep) as process:
            kill(process, moments.uniform(0.5, 3.0))
            killed()
        if not store.exists() or not store.stat().st_size:
            continue  # killed before it had its tables
        with SweepReader(store) as reader:
            if not reader.sweeps():
                continue  # killed before it had begun
            (found,) = reader.sweeps()
            runs = list(reader.runs(found.head.id))
        had_begun = bool(list(tmp_path.glob("*.begun-sweep-*")))
        said = f"sweep {found.head.id} of tiny was cut off; {len(runs)} runs of it are stored"
        assert [said in line for line in recovered(store)] == [True] * had_begun
        told += had_begun
        assert len(runs) >= there
        assert all(run.verdict and run.result_hash for run in runs)
        there = len(runs)
    assert there
    assert told


@pytest.mark.gui
@pytest.mark.slow
def test_a_killed_window_keeps_every_run_and_the_next_one_says_so(
    stored: Path,
    tiny: Path,
    tmp_path: Path,
    soak: bool,
    whole_runs: Whole,
    moments: Random,
    killed: Killed,
) -> None:
    store, told, before = tmp_path / "runs.sqlite", [], 32
    shutil.copyfile(stored, store)
    module = "tests.hardening.scripted_window"
    command = [sys.executable, "-m", module, str(store), str(tiny), "60"]
    for attempt in range(25 if soak else 2):
        with subprocess.Popen(
            command,
            cwd=HERE.parents[1],
            env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process:
            assert process.stdout is not None
            told.append(process.stdout.readline().decode())
            wait_for_comparison(store)
            kill(process, moments.uniform(0, 2) if attempt else 0)
            killed()
        now = whole_runs(store)
        assert now >= before
        before = now
    assert all('"ready": true' in line for line in told)
    assert "was cut off" not in told[0]
    assert "was cut off" in told[1]


def wait_for_comparison(store: Path) -> None:
    """Wait until one is under way: it is begun with its first run."""
    deadline = time.monotonic() + 60
    while True:
        with StoreReader(store) as reader:
            stored = {each.id for each in reader.comparisons()}
        marks = store.parent.glob("*.begun-comparison-*")
        if stored.intersection(mark.name.split("-")[-2] for mark in marks):
            return
        assert time.monotonic() < deadline
        time.sleep(0.01)
