"""What trace-cmd makes of a trace.dat; `make test-traces` runs it, and fails without it."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

from reclaimlab.reports.traces import trace_file
from reclaimlab.reports.traces.stream import events
from reclaimlab.runs.inspect import inspect_run
from reclaimlab.scenarios.reader import load_scenario

if TYPE_CHECKING:
    from pathlib import Path

LINE = re.compile(r"^ *(.+)-(\d+) +\[(\d+)\] +[\d.]+: (\w+): ")


def test_trace_cmd_lists_every_event_with_its_details(tmp_path: Path) -> None:
    timeline = inspect_run(load_scenario("xfs-softlimit-hang"), "linux-3.10", 1)
    file = tmp_path / "trace.dat"
    file.write_bytes(trace_file([timeline], "tracedat"))
    assert not _report("--check-events", str(file))
    told_text = _report(str(file))
    found = [LINE.match(line) for line in told_text.splitlines()]
    expected = [(e.comm, e.pid, e.cpu, e.tracepoint.name) for e in events(timeline)]
    told = sorted((m[1], int(m[2]), int(m[3]), m[4]) for m in found if m)
    assert told == sorted(expected)
    assert "flags=RECLAIM_WB_FILE|RECLAIM_WB_ASYNC" in told_text


def _report(*arguments: str) -> str:
    command = ["trace-cmd", "report", *arguments]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    assert done.stderr == ""
    return done.stdout
