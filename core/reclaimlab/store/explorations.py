"""Explorations in the store: what was asked, what was found, and each counterexample.

The whole of it is kept as the JSON object that ``explore --json`` prints, so that it can be shown
again step by step without being searched, or replayed, again.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from reclaimlab.errors import StoreError
from reclaimlab.store.connection import (
    connect_for_reading,
    connect_for_writing,
    sqlite_errors,
    transaction,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PREFIX: Final = "x"
"""First letter of an id: a comparison's is all hexadecimal digits."""
_ID_DIGITS: Final = 8
_COLUMNS: Final = "id, created_at, scenario, contender, exhausted, states, violated"


@dataclass(frozen=True, slots=True)
class StoredExploration:
    """An exploration in the store, without what it found in full."""

    id: str
    created_at: str
    """ISO 8601, UTC."""
    scenario: str
    contender: str
    exhausted: bool
    states: int
    violated: tuple[str, ...]


def store_exploration(path: Path, found: Mapping[str, Any]) -> str:
    """Store what ``explore --json`` prints; return its id, which follows from all of it.

    Raises:
        StoreError: the store cannot be written.
    """
    text = json.dumps(found)
    exploration = PREFIX + hashlib.sha256(text.encode()).hexdigest()[:_ID_DIGITS]
    violated = [name for name, each in found["properties"].items() if each["violated"]]
    row = (
        exploration, datetime.now(UTC).isoformat(timespec="microseconds"), found["scenario"],
        found["contender"], found["granularity"], int(found["exhausted"]), found["states"],
        json.dumps(violated), text,
    )  # fmt: skip
    with closing(connect_for_writing(path)) as database, transaction(database, path):
        marks = ", ".join("?" * len(row))
        database.execute(f"INSERT OR IGNORE INTO explorations VALUES ({marks})", list(row))
    return exploration


def explorations(path: Path) -> tuple[StoredExploration, ...]:
    """Return the stored explorations, newest first; none if there is no store yet."""
    if not path.exists():
        return ()
    with closing(connect_for_reading(path)) as database, sqlite_errors(path):
        found = database.execute(f"SELECT {_COLUMNS} FROM explorations ORDER BY created_at DESC")
        return tuple(_stored(row) for row in found.fetchall())


def _stored(row: tuple[Any, ...]) -> StoredExploration:
    name, created_at, scenario, contender, exhausted, states, violated = row
    return StoredExploration(
        name, created_at, scenario, contender, bool(exhausted), states, tuple(json.loads(violated))
    )


def exploration(path: Path, name: str) -> dict[str, Any]:
    """Return what an exploration found; ``name`` is its id or the beginning of it.

    Raises:
        StoreError: there is none, or more than one, or it is no JSON object.
    """
    with closing(connect_for_reading(path)) as database, sqlite_errors(path):
        sql = "SELECT id, found FROM explorations WHERE substr(id, 1, ?) = ?"
        rows = database.execute(sql, [len(name), name]).fetchall()
    if len(rows) != 1:
        count = "no" if not rows else f"{len(rows)}"
        msg = f"store {path} has {count} explorations called {name!r}; `reclaimlab runs list`"
        raise StoreError(msg)
    found: Any = json.loads(rows[0][1])
    if not isinstance(found, dict):
        raise StoreError(f"store {path}: exploration {rows[0][0]} is no JSON object")
    return found
