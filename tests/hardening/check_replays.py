"""A thousand stored runs come out the same, byte for byte, in other processes (`make soak`).

REPLAYS says how many; each process has another hash seed, so nothing may follow the order of a set.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

REPLAYS = int(os.environ.get("REPLAYS", "1000"))
CONTENDERS = (
    "linux-3.5", "linux-3.5+wait-may-enter-fs", "linux-3.10", "linux-3.10+may-enter-fs",
    "linux-3.10+congestion-wait(skip=nofs)", "linux-3.10+wait-after-batch", "linux-3.11",
    "linux-4.2", "linux-6.1", "linux-6.18",
)  # fmt: skip


def reclaimlab(hash_seed: int, *arguments: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-m", "reclaimlab", *arguments, "--json", "--quiet"],
        env=os.environ | {"PYTHONHASHSEED": str(hash_seed)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_stored_runs_are_the_same_in_other_processes_with_other_hash_seeds(
    tiny: Path, tmp_path: Path
) -> None:
    store = ("--db", str(tmp_path / "runs.sqlite"))
    seeds = str(REPLAYS // len(CONTENDERS))
    sides = [word for each in CONTENDERS for word in ("-c", each)]
    reclaimlab(1, "compare", str(tiny), *sides, "--seeds", seeds, *store)
    for hash_seed in (2, 4242):
        told = json.loads(reclaimlab(hash_seed, "runs", "verify", "latest", *store))
        assert told["verified"] == len(CONTENDERS) * int(seeds)
        assert told["differing"] == []
