"""The HTML report of 14 contenders by 20 seeds: how long a person waits, and how large it is.

What is stored are runs of the posted hang, one that hangs and one that does not, with numbers that
differ from seed to seed: to simulate all 280 would take ten minutes and change nothing here.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from reclaimlab.runs.compare import make_plan
from reclaimlab.runs.run import record_run
from reclaimlab.scenarios.reader import load_scenario
from reclaimlab.store.writer import StoreWriter

if TYPE_CHECKING:
    from reclaimlab.store.records import RunRecord

CONTENDERS = [
    "linux-3.10",
    "linux-3.10+may-enter-fs",
    *(f"linux-3.10+congestion-wait(timeout={each}ms,skip=kthread)" for each in range(10, 130, 10)),
]
SEEDS = range(1, 21)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a report costs."""

    seconds: float
    """From the command to the finished file: CPU time of the process, interpreter included."""
    megabytes: float


def store(path: Path) -> None:
    """Make a store with the comparison in it."""
    plan = make_plan(load_scenario("xfs-softlimit-hang"), CONTENDERS, SEEDS)
    hung, sound = (record_run(request) for request in plan.requests[:2])
    with StoreWriter(path) as writer:
        comparison = writer.begin_comparison(plan.head)
        for request in plan.requests:
            made = hung if request.contender == CONTENDERS[0] else sound
            record = varied(made, request.contender, request.seed)
            writer.add_run(comparison, request.number, record)


def varied(record: RunRecord, contender: str, seed: int) -> RunRecord:
    """Return ``record`` as another seed's of ``contender``."""
    assert record.result is not None
    factor = 1 + (seed * 7919 + len(contender) * 31) % 97 / 1000
    metrics = {name: value * factor for name, value in record.result.metrics.items()}
    result = replace(record.result, contender=contender, seed=seed, metrics=metrics)
    return replace(record, contender=contender, seed=seed, result=result)


def report_cost() -> Cost:
    """Return what the report costs, the quickest of three."""
    with tempfile.TemporaryDirectory() as folder:
        database, output = Path(folder) / "runs.sqlite", Path(folder) / "report.html"
        store(database)
        command = [
            sys.executable, "-m", "reclaimlab", "report", "latest", "--format", "html",
            "--db", str(database), "-o", str(output),
        ]  # fmt: skip
        seconds = min(_cpu_seconds(command) for _ in range(3))
        return Cost(seconds, output.stat().st_size / 1e6)


def _cpu_seconds(command: list[str]) -> float:
    def used() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    before = used()
    subprocess.run(command, check=True)
    return used() - before


if __name__ == "__main__":
    began = time.perf_counter()
    sys.stdout.write(f"{report_cost()} ({time.perf_counter() - began:.0f} s)\n")
