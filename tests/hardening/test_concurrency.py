"""Many processes on one store: no row is lost, and nobody is told that it is locked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Whole = Callable[[Path], int]
TOP = Path(__file__).parents[2]
QT_SAYS = "This plugin does not support propagateSizeHints()\n"

WRITE = """
import json, sys, time
from pathlib import Path
from reclaimlab.runs.compare import make_plan
from reclaimlab.runs.run import record_run
from reclaimlab.scenarios.reader import load_scenario
from reclaimlab.store.writer import StoreWriter
scenario, store, seconds = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])
plan = make_plan(load_scenario(scenario), ["linux-3.10"], range(1, 4))
records = [record_run(request) for request in plan.requests]
end, written = time.monotonic() + seconds, 0
while time.monotonic() < end:
    with StoreWriter(store) as writer:
        comparison = writer.begin_comparison(plan.head)
        for request, record in zip(plan.requests, records):
            writer.add_run(comparison, request.number, record)
            written += 1
print(json.dumps(written))
"""
READ = """
import json, sys, time
from pathlib import Path
from reclaimlab.store import connection
from reclaimlab.store.reader import StoreReader

connection._BUSY_S = 0.1  # one that waits longer for a lock is told so, and the test fails

def on_the_cpu_or_in_its_queue():
    ran, waited, _ = Path("/proc/thread-self/schedstat").read_text().split()
    return (int(ran) + int(waited)) / 1e9

store, seconds = Path(sys.argv[1]), float(sys.argv[2])
end, blocked = time.monotonic() + seconds, 0.0
while time.monotonic() < end:
    begun, busy = time.monotonic(), on_the_cpu_or_in_its_queue()
    with StoreReader(store) as reader:
        reader.runs(reader.resolve("latest"))
    slept = time.monotonic() - begun - (on_the_cpu_or_in_its_queue() - busy)
    blocked = max(blocked, slept)
    time.sleep(0.005)
print(json.dumps(blocked))
"""


@pytest.mark.gui
@pytest.mark.slow
def test_writers_readers_and_a_window_on_one_store_do_not_hinder_each_other(
    tiny: Path, tmp_path: Path, soak: bool, whole_runs: Whole
) -> None:
    writers, readers, seconds = (8, 4, "300") if soak else (3, 2, "2")
    store = tmp_path / "runs.sqlite"
    first = [sys.executable, "-c", WRITE, str(tiny), str(store), "0.01"]
    before = json.loads(subprocess.run(first, check=True, capture_output=True).stdout)
    commands = [[sys.executable, "-c", WRITE, str(tiny), str(store), seconds]] * writers
    commands += [[sys.executable, "-c", READ, str(store), seconds]] * readers
    window = "tests.hardening.scripted_window"
    commands.append([sys.executable, "-m", window, str(store), str(tiny), seconds])
    processes = [
        subprocess.Popen(
            command,
            cwd=TOP,
            env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for command in commands
    ]
    told = [process.communicate() for process in processes]
    assert [errors.decode().replace(QT_SAYS, "") for _, errors in told] == [""] * len(told)
    *answers, seen = [json.loads(printed.splitlines()[-1]) for printed, _ in told]
    written, blocked = sum(answers[:writers]), max(answers[writers:])
    assert all(answers[:writers])
    assert seen["problems"] == []
    expected = before + written + 4 * seen["compared"] - seen["deleted_runs"]
    assert whole_runs(store) == expected
    sys.stdout.write(
        f"{written} runs by {writers} writers, none lost; {readers} readers asleep at most "
        f"{1e3 * blocked:.0f} ms, the disk's time among it; the window: {seen}\n"
    )
