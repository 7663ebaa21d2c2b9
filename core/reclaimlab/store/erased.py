"""Taking a comparison out of the store, and putting it back as it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from reclaimlab.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlite_utils import Database

_OF_RUNS: Final = "run_id IN (SELECT id FROM runs WHERE comparison_id = ?)"
_TABLES: Final[Mapping[str, str]] = {
    "comparisons": "id = ?",
    "runs": "comparison_id = ?",
    "metrics": _OF_RUNS,
    "incidents": _OF_RUNS,
    "series": _OF_RUNS,
    "plugin_metrics": _OF_RUNS,
    "tags": "comparison_id = ?",
    "notes": "comparison_id = ?",
}
"""Every table that holds something of a comparison, parents first, and which rows are its own."""
_NUMBERED: Final = ("metrics", "incidents", "series", "plugin_metrics", "tags", "notes")
"""Their ``id`` only orders them, and may be another row's by the time they come back."""


@dataclass(frozen=True, slots=True)
class Erased:
    """A comparison outside the store: the rows of each table, in their order."""

    comparison: str
    rows: Mapping[str, tuple[dict[str, Any], ...]]


def take_out(database: Database, comparison: str) -> Erased:
    """Delete a comparison and return all that it was; the caller has the transaction.

    Raises:
        StoreError: there is none with this id.
    """
    found = {
        table: tuple(
            database.query(f"SELECT * FROM {table} WHERE {own} ORDER BY rowid", [comparison])
        )
        for table, own in _TABLES.items()
    }
    if not found["comparisons"]:
        raise StoreError(f"comparison {comparison} is no longer in the store")
    database.execute("DELETE FROM comparisons WHERE id = ?", [comparison])
    return Erased(comparison, found)


def put_back(database: Database, erased: Erased) -> None:
    """Store again what :func:`take_out` returned, byte by byte; the caller has the transaction."""
    for table, rows in erased.rows.items():
        for row in rows:
            kept = {
                name: value for name, value in row.items() if name != "id" or table not in _NUMBERED
            }
            columns, places = ", ".join(kept), ", ".join("?" * len(kept))
            database.execute(
                f"INSERT INTO {table} ({columns}) VALUES ({places})", list(kept.values())
            )
