"""Makes the store that the first start shows: ``python -m reclaimlab_gui.make_sample``."""

from __future__ import annotations

import lzma
import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from reclaimlab.runs.compare import compare, make_plan
from reclaimlab.scenarios.reader import load_scenario
from reclaimlab.store.writer import StoreWriter
from reclaimlab_gui.first_run import SAMPLE

CONTENDERS = (
    "linux-3.10",
    "linux-3.10+may-enter-fs",
    "linux-3.10+memalloc-noio",
    "linux-3.10+congestion-wait",
)
SEEDS = range(1, 5)


def make_sample() -> None:
    """Run the comparison and put it among the resources."""
    plan = make_plan(load_scenario("xfs-softlimit-hang"), CONTENDERS, SEEDS)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sample.sqlite"
        with StoreWriter(path) as writer:
            compare(plan, writer, jobs=len(os.sched_getaffinity(0)))
        with closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA journal_mode = DELETE")
            database.execute("VACUUM")
        target = Path(__file__).parent / "resources" / SAMPLE
        target.write_bytes(lzma.compress(path.read_bytes(), preset=9))


if __name__ == "__main__":
    make_sample()
