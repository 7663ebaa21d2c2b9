"""Putting the contents of other stores into one, as the shards of a sweep."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Final

from reclaimlab.errors import StoreError
from reclaimlab.store.connection import connect_for_reading, connect_for_writing, sqlite_errors

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sqlite_utils import Database

_BY_KEY: Final = (
    "comparisons", "sweeps", "results", "sweep_points", "sweep_runs", "runs", "explorations",
)  # fmt: skip
"""Each after those it refers to; a row that is there already stays."""
_LONGER: Final = """
    UPDATE main.comparisons SET seeds = longer.seeds, planned_runs = longer.planned_runs
    FROM other.comparisons AS longer
    WHERE longer.id = main.comparisons.id AND longer.planned_runs > main.comparisons.planned_runs
"""
"""A comparison in rounds, whose later rounds one of the stores did not take."""
_OF_A_RUN: Final = ("metrics", "incidents", "series", "plugin_metrics")
_OF_A_COMPARISON: Final = ("tags", "notes")


def merge_stores(target: Path, others: Sequence[Path]) -> dict[str, int]:
    """Put what ``others`` hold into ``target``; return how many rows each table has gained.

    Each store is taken whole or not at all. What both hold stands once.

    Raises:
        StoreError: a store cannot be read, or gives another result for the same run.
    """
    for other in others:
        if target.exists() and other.exists() and target.samefile(other):
            raise StoreError(f"store {other} is the one to merge into; name others")
        connect_for_reading(other).close()
    gained: dict[str, int] = {}
    database = connect_for_writing(target)
    with closing(database.conn):
        for other in others:
            for table, count in _take(database, target, other).items():
                gained[table] = gained.get(table, 0) + count
    return gained


def _take(database: Database, target: Path, other: Path) -> Mapping[str, int]:
    with sqlite_errors(target):
        database.execute("ATTACH DATABASE ? AS other", [str(other)])
        try:
            with database.atomic():
                _check_agreement(database.conn, target, other)
                return _copy(database.conn)
        finally:
            database.execute("DETACH DATABASE other")


def _check_agreement(connection: sqlite3.Connection, target: Path, other: Path) -> None:
    sql = (
        "SELECT key, contender, seed FROM main.results a JOIN other.results b USING (key) "
        "WHERE a.result_hash IS NOT b.result_hash"
    )
    rows = connection.execute(sql.replace("key, contender, seed", "key, a.contender, a.seed"))
    found = rows.fetchall()
    if found:
        key, contender, seed = found[0]
        msg = (
            f"{len(found)} runs have another result in {other} than in {target}, the first "
            f"{contender} seed {seed} ({key}); the same run gives the same bytes on every machine, "
            "so one of the stores is damaged"
        )
        raise StoreError(msg)


def _copy(connection: sqlite3.Connection) -> dict[str, int]:
    new = "SELECT id FROM other.{0} WHERE id NOT IN (SELECT id FROM main.{0})"
    runs = [row[0] for row in connection.execute(new.format("runs"))]
    comparisons = [row[0] for row in connection.execute(new.format("comparisons"))]
    gained = {}
    for table in _BY_KEY:
        sql = f"INSERT OR IGNORE INTO main.{table} SELECT * FROM other.{table}"
        gained[table] = connection.execute(sql).rowcount
    connection.execute(_LONGER)
    for tables, column, ids in (
        (_OF_A_RUN, "run_id", runs),
        (_OF_A_COMPARISON, "comparison_id", comparisons),
    ):
        for table in tables:
            gained[table] = sum(_copy_of(connection, table, column, each) for each in ids)
    return gained


def _copy_of(connection: sqlite3.Connection, table: str, column: str, owner: str) -> int:
    """Copy the rows of a table whose ids are numbers: they get new ones."""
    names = [row[1] for row in connection.execute(f"PRAGMA main.table_info({table})")]
    columns = ", ".join(name for name in names if name != "id")
    sql = (
        f"INSERT INTO main.{table} ({columns}) "
        f"SELECT {columns} FROM other.{table} WHERE {column} = ? ORDER BY id"
    )
    return connection.execute(sql, [owner]).rowcount
