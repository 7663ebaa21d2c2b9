"""kill -9 of the command and of its workers at random moments: resumed, the store is the same.

A few kills here; `make soak-sweep` makes fifty.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reclaimlab.store.sweeps import SweepReader

TINY = Path(__file__).parents[1] / "tiny.toml"
KILLS = int(os.environ.get("RECLAIMLAB_KILLS", "4"))


def command(db: Path) -> list[str]:
    return [
        sys.executable, "-m", "reclaimlab", "sweep", str(TINY), "-c", "linux-3.10",
        "--set", "duration=6s", "--vary", f"memcg.box.limit=8M..64M:{10 * KILLS}",
        "--vary", "device.sda.write_bw=5MB,20MB,50MB", "--db", str(db), "--jobs", "2", "--quiet",
    ]  # fmt: skip


def children(pid: int) -> list[int]:
    try:
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def disturb(process: subprocess.Popen[bytes], dice: random.Random) -> int:
    """Kill a worker or two, then the command; return how many were alive to be killed."""
    killed = 0
    for _ in range(dice.choice((0, 1, 2))):
        time.sleep(dice.uniform(0.1, 1.2))
        alive = children(process.pid)
        if process.poll() is None and alive:
            os.kill(dice.choice(alive), signal.SIGKILL)
            killed += 1
    time.sleep(dice.uniform(0.1, 1.5))
    if process.poll() is None:
        process.kill()
        killed += 1
    process.wait()
    return killed


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="finds workers in /proc")
def test_a_sweep_killed_at_random_moments_ends_with_the_same_store(
    stored: Callable[[Path], list[tuple[Any, ...]]], tmp_path: Path
) -> None:
    dice, killed, reached = random.Random(KILLS), 0, []
    while killed < KILLS:
        process = subprocess.Popen(command(tmp_path / "killed.db"), stdout=subprocess.DEVNULL)
        hit = disturb(process, dice)
        assert hit or process.returncode == 0
        assert hit, f"the sweep was over after {killed} kills"
        killed += hit
        reached.append(runs_in(tmp_path / "killed.db"))
    assert reached == sorted(reached)
    assert reached[-1] < 30 * KILLS
    for name in ("killed", "whole"):
        subprocess.run(command(tmp_path / f"{name}.db"), check=True, stdout=subprocess.DEVNULL)
    assert runs_in(tmp_path / "killed.db") == 30 * KILLS
    assert stored(tmp_path / "killed.db") == stored(tmp_path / "whole.db")


def runs_in(db: Path) -> int:
    if not db.exists() or not db.stat().st_size:
        return 0
    with SweepReader(db) as reader:
        return sum(each.stored_runs for each in reader.sweeps())
