"""Whole runs: what a page costs, and how much faster than real time a small box goes."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reclaimlab.runs.run import run_one
from reclaimlab.scenarios.reader import load_scenario, read_scenario

if TYPE_CHECKING:
    from reclaimlab.measure.records import RunResult

SCENARIO = """
[scenario]
name = "{name}"
title = "one sequential writer in a memcg"
decides = "writer_throughput"
duration = "{duration}"
kernel = "linux-3.10"

[machine]
memory = "{memory}"
cpus = 4
cgroup = "v1"

[memcg.box]
limit = "{limit}"

[device.disk]
write_bw = "{write_bw}"

[filesystem.data]
type = "ext4"
device = "disk"

[task.writer]
program = "writer"
memcg = "box"
filesystem = "data"
write_size = "512KiB"
{work}
"""
PAGES_PER_GIB = 1 << 18


def fill(total: str) -> RunResult:
    """Write ``total`` in requests of 512 KiB through a memcg of 1 GiB.

    The writer copies at 2 GiB/s and the disk writes 4 GB/s, so that the engine sets the pace.
    """
    text = SCENARIO.format(
        name="fill", duration="600s", memory="16GiB", limit="1GiB", write_bw="4GB/s",
        work=f'total = "{total}"\ncopy_bw = "2GiB/s"',
    )  # fmt: skip
    return run_one(read_scenario(text, "fill"), "linux-3.10", 1)


def one_minute() -> RunResult:
    """Write at 100 MB/s for 60 simulated seconds in a memcg of 100 MiB."""
    text = SCENARIO.format(
        name="minute", duration="60s", memory="4GiB", limit="100MiB", write_bw="100MB/s",
        work='file_size = "4GiB"\nrestart = "new"',
    )  # fmt: skip
    return run_one(read_scenario(text, "minute"), "linux-3.10", 1)


def hang() -> RunResult:
    """Run the posted hang once."""
    scenario = load_scenario("xfs-softlimit-hang")
    return run_one(scenario, scenario.kernel, 1)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a fill cost in a process of its own."""

    cpu_seconds: float
    peak_mb: float
    """Largest resident set, interpreter and imports included (10**6 bytes)."""


def fill_cost(total: str) -> Cost:
    """Return the cost of :func:`fill` in a fresh process, imports not timed."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.whole_engine", total],
        check=True,
        capture_output=True,
        text=True,
    )
    return Cost(**json.loads(done.stdout))


def _main(total: str) -> None:
    warm_up = SCENARIO.format(
        name="warm", duration="1s", memory="1GiB", limit="100MiB", write_bw="1GB/s",
        work='total = "1MiB"',
    )  # fmt: skip
    run_one(read_scenario(warm_up, "warm"), "linux-3.10", 1)
    start = time.thread_time()
    result = fill(total)
    seconds = time.thread_time() - start
    if result.ended != "every task has ended":
        sys.exit(f"fill ended with {result.ended}, {result.verdict}: its cost says nothing")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    sys.stdout.write(json.dumps({"cpu_seconds": seconds, "peak_mb": peak}))


if __name__ == "__main__":
    _main(sys.argv[1])
