"""A disk that takes no more, at any byte: one clear line, nothing lost, and the store is intact.

The fault is real: the kernel cuts every file of the process off at a size (RLIMIT_FSIZE), so that
the write at that place comes back short and the next one fails. `check_io_faults.py` makes writes
fail in other ways, one by one.
"""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Whole = Callable[[Path], int]


COMMAND = (
    "import resource, sys; from reclaimlab.cli import main; "
    "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)), resource.RLIM_INFINITY)); "
    "main()"
)
ENOUGH = 1 << 20
KEPT = re.compile(r"(\d+) runs of comparison \w+ are kept in (.*): when there is room, `reclaimlab")


def compare(tiny: Path, store: Path, most_bytes: int) -> subprocess.CompletedProcess[str]:
    contenders = ["-c", "linux-3.10", "-c", "linux-3.5"]
    arguments = ["compare", str(tiny), *contenders, "--seeds", "3", "--jobs", "1"]
    return subprocess.run(
        [sys.executable, "-c", COMMAND, str(most_bytes), *arguments, "--db", str(store)],
        env=os.environ | {"TMPDIR": str(store.parent)},
        capture_output=True,
        text=True,
        check=False,
    )


def merge(store: Path, line: str) -> int:
    """Do what ``line`` says; return how many runs it was about."""
    found = KEPT.search(line)
    if found is None:
        assert "nor can the run be kept in any of" in line or "runs" not in line, line
        return 0
    files = [Path(each) for each in found[2].split()]
    command = [sys.executable, "-m", "reclaimlab", "runs", "merge"]
    subprocess.run([*command, *files, "--db", store], check=True, capture_output=True)
    for file in files:
        shutil.rmtree(file.parent)
    return int(found[1])


@pytest.mark.slow
def test_a_write_that_fails_at_any_byte_is_told_in_one_line_and_loses_nothing(
    tiny: Path, tmp_path: Path, soak: bool, whole_runs: Whole
) -> None:
    step = 4096 + 24 if soak else 200_000  # a frame of the write-ahead log
    seen, rescued = set(), 0
    for number, most_bytes in enumerate(range(0, ENOUGH, step)):
        store = tmp_path / f"{number}.sqlite"
        ran = compare(tiny, store, most_bytes)
        said = ran.stderr.splitlines()
        finished = sum(line[:1].isdigit() for line in said)
        seen.add(ran.returncode)
        if ran.returncode == 0:
            assert whole_runs(store) == 6
            break
        assert ran.returncode == 2, ran.stderr
        assert "Traceback" not in ran.stderr
        assert said[-1].startswith(f"store {store}: "), said
        before = whole_runs(store)
        kept = merge(store, said[-1])
        assert before + kept == finished
        assert whole_runs(store) == finished
        rescued += kept
        assert compare(tiny, store, resource.RLIM_INFINITY).returncode == 0
    assert seen == {0, 2}
    assert rescued
