"""kill -9 at any moment: what was finished is there, whole, and nothing else is."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from reclaimlab.store.recovery import recovered

Whole = Callable[[Path], int]
Killed = Callable[[], None]


FINISHED = re.compile(r"^\d+/\d+ ", re.MULTILINE)


def start_comparison(tiny: Path, store: Path, log: Path) -> subprocess.Popen[bytes]:
    command = [
        sys.executable, "-m", "reclaimlab", "compare", str(tiny), "-c", "linux-3.10",
        "-c", "linux-3.5", "--seeds", "200", "--jobs", "2", "--db", str(store),
    ]  # fmt: skip
    with log.open("wb") as errors:
        return subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True
        )


def wait_for_first_run(log: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while not FINISHED.search(log.read_text()):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.slow
def test_a_killed_comparison_leaves_every_run_that_it_said_was_finished(
    tiny: Path, tmp_path: Path, soak: bool, whole_runs: Whole, killed: Killed
) -> None:
    moments = Random(7)
    store, kept, told_of = tmp_path / "runs.sqlite", 0, 0
    for attempt in range(120 if soak else 3):
        log = tmp_path / f"{attempt}.log"
        process = start_comparison(tiny, store, log)
        if attempt % 2:
            wait_for_first_run(log, process)
        time.sleep(moments.uniform(0, 0.8))
        os.killpg(process.pid, signal.SIGKILL)
        killed()
        process.wait()
        said = len(FINISHED.findall(log.read_text()))
        if not store.exists() or not store.stat().st_size:
            assert not said
            continue
        now = whole_runs(store)
        assert kept + said <= now <= kept + said + 1
        told = [line for line in recovered(store) if "runs resume" in line]
        assert [f"; {now - kept} of its 400 runs are stored" in line for line in told] == (
            [True] if now > kept else []
        )
        kept, told_of = now, told_of + len(told)
    assert told_of


@pytest.mark.slow
def test_the_workers_of_a_killed_comparison_end_too(tiny: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = start_comparison(tiny, tmp_path / "runs.sqlite", log)
    wait_for_first_run(log, process)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    deadline = time.monotonic() + 30
    while members_of(process.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert members_of(process.pid) == []


def members_of(session: int) -> list[int]:
    """Return the processes of a session, zombies left out."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(fields[3]) == session and fields[0] != "Z":
                found.append(int(entry.name))
    return found
