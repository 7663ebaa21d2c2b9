"""How often to try: a few times in `make test`, hundreds in `make soak`."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reclaimlab.store.fingerprint import result_hash
from reclaimlab.store.reader import StoreReader

if TYPE_CHECKING:
    from collections.abc import Callable

TINY = Path(__file__).parents[1] / "core" / "tiny.toml"


@pytest.fixture
def soak(pytestconfig: pytest.Config) -> bool:
    return bool(pytestconfig.getoption("--hypothesis-profile") == "soak")


@pytest.fixture
def tiny() -> Path:
    return TINY


@pytest.fixture
def whole_runs() -> Callable[[Path], int]:
    return _whole_runs


def _whole_runs(store: Path) -> int:
    """Return how many runs a store holds, after a look at every page and every byte of each."""
    with closing(sqlite3.connect(store)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        if not connection.execute("PRAGMA user_version").fetchone()[0]:
            return 0  # cut off before it had its tables
    found = 0
    with StoreReader(store) as reader:
        for comparison in reader.comparisons():
            for record in reader.runs(comparison.id, series=True):
                assert record.result is not None
                assert result_hash(record.result) == record.result_hash
                found += 1
    return found
