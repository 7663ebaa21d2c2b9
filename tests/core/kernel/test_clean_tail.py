"""The shortcuts of memcg reclaim against the long way, which a run with a trace takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reclaimlab.engine.trace import Trace
from reclaimlab.hosting.contender import parse_contender
from reclaimlab.hosting.host import build_table
from reclaimlab.machine.simulate import simulate
from reclaimlab.runs.run import installed_policies
from reclaimlab.scenarios.reader import read_scenario

if TYPE_CHECKING:
    from reclaimlab.measure.records import RunResult

SCENARIO = """
[scenario]
name = "small-box"
title = "a writer in a small memcg, whose oldest pages are clean or about to be"
decides = "writer_throughput"
duration = "3s"
kernel = "linux-3.10"

[machine]
memory = "1GiB"
cgroup = "v1"

[memcg.box]
limit = "20MiB"

[device.disk]
write_bw = "40MB/s"

[filesystem.data]
type = "{filesystem}"
device = "disk"

[task.writer]
program = "writer"
memcg = "box"
filesystem = "data"
"""


def run(filesystem: str, kernel: str, trace: Trace | None) -> RunResult:
    catalog = installed_policies()
    contender = parse_contender(kernel, catalog)
    scenario = read_scenario(SCENARIO.format(filesystem=filesystem), "small-box")
    return simulate(scenario, kernel, build_table(contender, catalog), 1, trace=trace)


@pytest.mark.parametrize("filesystem", ["ext4", "xfs"])
@pytest.mark.parametrize("kernel", ["linux-3.5", "linux-3.10", "linux-4.2", "linux-6.1"])
def test_reclaim_of_clean_pages_by_the_shortcut_comes_to_what_the_long_way_does(
    filesystem: str, kernel: str
) -> None:
    trace = Trace()
    assert run(filesystem, kernel, None) == run(filesystem, kernel, trace)
    batches = [
        dict(event.arguments)
        for event in trace.events
        if event.name == "mm_vmscan_lru_shrink_inactive"
    ]
    if kernel == "linux-3.10":  # it waits, so what it finds afterwards is clean
        assert any(each["nr_reclaimed"] == each["nr_scanned"] for each in batches)
