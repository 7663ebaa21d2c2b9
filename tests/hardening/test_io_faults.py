"""A disk that takes no more, at any byte: one clear line, and what was stored is intact.

The fault is real: the kernel cuts every file of the process off at a size (RLIMIT_FSIZE), so that
the write at that place comes back short and the next one fails.
"""

from __future__ import annotations

import resource
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

Whole = Callable[[Path], int]


COMMAND = (
    "import resource, sys; from reclaimlab.cli import main; "
    "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)), resource.RLIM_INFINITY)); "
    "main()"
)
ENOUGH = 1 << 20


def compare(tiny: Path, store: Path, most_bytes: int) -> subprocess.CompletedProcess[str]:
    arguments = [
        "compare",
        str(tiny),
        "-c",
        "linux-3.10",
        "-c",
        "linux-3.5",
        "--seeds",
        "2",
        "--jobs",
        "1",
    ]
    return subprocess.run(
        [
            sys.executable,
            "-c",
            COMMAND,
            str(most_bytes),
            *arguments,
            "--jobs",
            "1",
            "--db",
            str(store),
        ],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_a_write_that_fails_at_any_byte_is_told_in_one_line_and_breaks_nothing(
    tiny: Path, tmp_path: Path, soak: bool, whole_runs: Whole
) -> None:
    step = 4096 + 24 if soak else 60_000  # a frame of the write-ahead log
    seen = set()
    for number, most_bytes in enumerate(range(0, ENOUGH, step)):
        store = tmp_path / f"{number}.sqlite"
        ran = compare(tiny, store, most_bytes)
        said = ran.stderr.splitlines()
        finished = sum(line[:1].isdigit() for line in said)
        seen.add(ran.returncode)
        if ran.returncode == 0:
            assert whole_runs(store) == 4
            break
        assert ran.returncode == 2, ran.stderr
        assert "Traceback" not in ran.stderr
        assert said[-1].startswith(f"store {store}: "), said
        with closing(sqlite3.connect(store)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        assert (whole_runs(store) if tables else 0) == finished
        assert compare(tiny, store, resource.RLIM_INFINITY).returncode == 0
    assert seen == {0, 2}
