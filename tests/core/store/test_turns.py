"""Writers take turns, and what a killed one left half done is undone by whoever reads next."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reclaimlab.errors import StoreError
from reclaimlab.store.reader import StoreReader
from reclaimlab.store.writer import StoreWriter

if TYPE_CHECKING:
    from reclaimlab.store.records import ComparisonHead

HALF_A_CHANGE = """
import os, signal, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA journal_mode = DELETE")
connection.execute("PRAGMA cache_size = 1")  # so that the change reaches the file, and its undoing
connection.execute("BEGIN IMMEDIATE")
connection.execute("CREATE TABLE half (text)")
connection.executemany("INSERT INTO half VALUES (?)", [("x" * 4000,)] * 100)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_change_that_reads_first_waits_for_its_turn(
    writer: StoreWriter, path: Path, head: ComparisonHead
) -> None:
    comparison = writer.begin_comparison(head)
    locked = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    locked.execute("BEGIN IMMEDIATE")
    locked.execute("INSERT INTO tags (comparison_id, tag) VALUES (?, 'late')", [comparison])
    ends = threading.Timer(0.3, locked.execute, ["COMMIT"])
    ends.start()
    with StoreWriter(path) as other:
        taken = other.take_out(comparison)
    ends.join()
    locked.close()
    assert [row["tag"] for row in taken.rows["tags"]] == ["late"]


def test_one_that_never_gets_its_turn_is_told_so(
    writer: StoreWriter, path: Path, head: ComparisonHead, monkeypatch: pytest.MonkeyPatch
) -> None:
    comparison = writer.begin_comparison(head)
    monkeypatch.setattr("reclaimlab.store.connection._BUSY_S", 0.1)
    locked = sqlite3.connect(path, isolation_level=None)
    locked.execute("BEGIN IMMEDIATE")
    with StoreWriter(path) as other, pytest.raises(StoreError, match="database is locked"):
        other.add_tag(comparison, "never")
    locked.close()


def test_a_store_is_read_after_its_writer_was_killed_in_the_middle_of_a_change(
    writer: StoreWriter, path: Path, head: ComparisonHead
) -> None:
    comparison = writer.begin_comparison(head)
    writer.close()
    killed = subprocess.run([sys.executable, "-c", HALF_A_CHANGE, str(path)])
    assert killed.returncode == -signal.SIGKILL
    assert Path(f"{path}-journal").stat().st_size
    with StoreReader(path) as reader:
        assert [each.id for each in reader.comparisons()] == [comparison]
    with sqlite3.connect(path) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE name = 'half'").fetchall()
    connection.close()
    assert names == []
