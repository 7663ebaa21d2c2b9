"""Every table, view and column of a store is documented, and nothing else is."""

import sqlite3
from pathlib import Path

import pytest

from reclaimlab.store.documented import DOCUMENTED, datasette_metadata
from reclaimlab.store.migrations import MIGRATIONS
from reclaimlab.store.writer import StoreWriter


@pytest.fixture
def columns(path: Path) -> dict[str, set[str]]:
    """Return the columns of each table and view of a new store."""
    StoreWriter(path).close()
    with sqlite3.connect(path) as database:
        names = database.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
        found = {
            name: {row[1] for row in database.execute(f"PRAGMA table_info({name})")}
            for (name,) in names.fetchall()
            if not name.startswith("sqlite_") and name != MIGRATIONS.migrations_table
        }
    database.close()
    return found


def test_each_column_of_each_table_and_view_is_documented(columns: dict[str, set[str]]) -> None:
    assert {name: set(each) for name, (_, each) in DOCUMENTED.items()} == columns


def test_what_datasette_is_told_names_columns_that_are_there(columns: dict[str, set[str]]) -> None:
    metadata = datasette_metadata("runs")
    for name, table in metadata["databases"]["runs"]["tables"].items():
        if name == MIGRATIONS.migrations_table:
            continue
        told = {table.get("label_column"), table.get("sort_desc"), *table.get("facets", ())}
        assert told - {None} <= columns[name]
