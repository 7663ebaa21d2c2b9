"""Many processes on one store: no row is lost, and nobody is told that it is locked."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Whole = Callable[[Path], int]


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
from reclaimlab.store.reader import StoreReader
store, seconds = Path(sys.argv[1]), float(sys.argv[2])
end, longest = time.monotonic() + seconds, 0.0
while time.monotonic() < end:
    with StoreReader(store) as reader:
        begun = time.monotonic()
        reader.runs(reader.resolve("latest"))
        longest = max(longest, time.monotonic() - begun)
    time.sleep(0.005)
print(json.dumps(longest))
"""


@pytest.mark.slow
def test_writers_and_readers_of_one_store_do_not_hinder_each_other(
    tiny: Path, tmp_path: Path, soak: bool, whole_runs: Whole
) -> None:
    writers, readers, seconds = (8, 4, "300") if soak else (3, 2, "2")
    store = tmp_path / "runs.sqlite"
    first = [sys.executable, "-c", WRITE, str(tiny), str(store), "0.01"]
    before = json.loads(subprocess.run(first, check=True, capture_output=True).stdout)
    commands = [[sys.executable, "-c", WRITE, str(tiny), str(store), seconds]] * writers
    commands += [[sys.executable, "-c", READ, str(store), seconds]] * readers
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for command in commands
    ]
    told = [process.communicate() for process in processes]
    assert [errors.decode() for _, errors in told] == [""] * len(told)
    answers = [json.loads(printed) for printed, _ in told]
    assert whole_runs(store) == before + sum(answers[:writers])
    assert all(answers[:writers])
    sys.stdout.write(f"longest read beside {writers} writers: {max(answers[writers:]):.3f} s\n")
