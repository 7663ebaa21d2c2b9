"""How often to try: a few times in `make test`, hundreds in `make soak`."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reclaimlab.store.fingerprint import result_hash
from reclaimlab.store.reader import StoreReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TINY = Path(__file__).parents[1] / "core" / "tiny.toml"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how often processes were killed, test by test."""
    passed = terminalreporter.stats.get("passed", [])
    kills = {each.nodeid: dict(each.user_properties).get("kills", 0) for each in passed}
    for test, count in kills.items():
        if count:
            terminalreporter.write_line(f"{count:4} kills: {test}")
    if sum(kills.values()):
        terminalreporter.write_line(f"{sum(kills.values()):4} kills in all, nothing lost")


@pytest.fixture
def killed(record_property: Callable[[str, object], None]) -> Iterator[Callable[[], None]]:
    """Return what a test calls at each kill: they are counted and told at the end."""
    times: list[None] = []
    yield partial(times.append, None)
    record_property("kills", len(times))


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
