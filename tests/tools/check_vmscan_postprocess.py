"""What the kernel's own script makes of ftrace text; `make test-vmscan` runs it, and fails without.

VMSCAN_SCRIPT names `Documentation/trace/postprocess/trace-vmscan-postprocess.pl` of Linux 6.12. Of
its output only the summary can be trusted: the tables before it print more numbers than columns.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections import Counter
from pathlib import Path

from reclaimlab.reports.traces import trace_file
from reclaimlab.reports.traces.stream import Event, events
from reclaimlab.runs.inspect import inspect_run
from reclaimlab.scenarios.reader import load_scenario

SCRIPT = Path(os.environ["VMSCAN_SCRIPT"])
TOTAL = re.compile(r"^([A-Z][\w /]+):\s+([\d.]+)", re.MULTILINE)


def test_the_kernels_script_counts_what_the_run_did(tmp_path: Path) -> None:
    timeline = inspect_run(load_scenario("shrinker-recursion"), "linux-3.10", 1)
    said = _summary(tmp_path, trace_file([timeline], "ftrace"))
    found = events(timeline)
    named = Counter(event.tracepoint.name for event in found)
    direct = {each.pid for each in found if each.tracepoint.name.endswith("direct_reclaim_begin")}
    kswapd = {each.pid for each in found if each.comm.startswith("kswapd")}
    assert named["mm_vmscan_direct_reclaim_begin"] > 50
    assert said["Direct reclaims"] == named["mm_vmscan_direct_reclaim_begin"]
    assert said["Kswapd wakeups"] == named["mm_vmscan_kswapd_wake"]
    assert said["Direct reclaim pages scanned"] == _sum(found, "lru_isolate", "nr_scanned", direct)
    assert said["Kswapd pages scanned"] == _sum(found, "lru_isolate", "nr_scanned", kswapd)
    reclaimed = "lru_shrink_inactive", "nr_reclaimed"
    assert said["Direct reclaim pages reclaimed"] == _sum(found, *reclaimed, direct)
    assert said["Kswapd pages reclaimed"] == _sum(found, *reclaimed, kswapd)
    assert 0 < said["Time stalled direct reclaim"] < timeline.end_ns / 1e9


def _sum(found: list[Event], name: str, field: str, pids: set[int]) -> int:
    return sum(
        int(each.values[field])
        for each in found
        if each.tracepoint.name == f"mm_vmscan_{name}" and each.pid in pids
    )


def _summary(folder: Path, trace: bytes) -> dict[str, float]:
    # Where tracefs can be read, the script takes the formats of the running kernel instead.
    script = folder / SCRIPT.name
    script.write_text(SCRIPT.read_text().replace("/sys/kernel/tracing", str(folder / "nowhere")))
    ran = subprocess.run(["perl", str(script)], input=trace, capture_output=True, check=True)
    told = ran.stdout.decode()
    assert "Failed to parse" not in told
    assert ran.stderr == b""
    return {name: float(value) for name, value in TOTAL.findall(told.partition("Summary\n")[2])}
