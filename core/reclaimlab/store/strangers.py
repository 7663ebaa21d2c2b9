"""A database that somebody else made: its schema must be ours, and each value of the kind it says.

A view or a trigger is code of whoever wrote it. What is asked here goes to tables and views whose
text is the one of our migrations; anything else by their names is refused before it is asked.
"""

from __future__ import annotations

from functools import cache
from types import NoneType
from typing import TYPE_CHECKING, Any, Final

from sqlite_utils import Database

from reclaimlab.errors import StoreError
from reclaimlab.store.migrations import MIGRATIONS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_OBJECTS: Final = "SELECT name, type, sql FROM sqlite_master"
Kinds = dict[str, type | tuple[type, ...]]

_TEXT_OR_NONE: Final = (str, NoneType)
_NUMBER_OR_NONE: Final = (int, NoneType)
COMPARISON: Final[Kinds] = {
    **dict.fromkeys(("id", "created_at", "scenario", "title", "decides", "scenario_hash"), str),
    **dict.fromkeys(("contenders", "seeds", "package_version"), str),
    **dict.fromkeys(("planned_runs", "stored_runs", "failed_runs"), int),
    "worst_verdict": _TEXT_OR_NONE,
}
RUN: Final[Kinds] = {
    **dict.fromkeys(("id", "scenario", "scenario_text", "scenario_hash", "contender"), str),
    **dict.fromkeys(("policy_versions", "package_version"), str),
    **dict.fromkeys(
        ("schedule", "verdict", "ended", "failure", "error", "traceback"), _TEXT_OR_NONE
    ),
    **dict.fromkeys(("ended_ns", "events"), _NUMBER_OR_NONE),
    "seed": int,
    "result_hash": _TEXT_OR_NONE,
}
TAG: Final[Kinds] = {"tag": str}
NOTE: Final[Kinds] = {
    **dict.fromkeys(("created_at", "text", "contender"), str),
    **dict.fromkeys(("seed", "time_ns"), _NUMBER_OR_NONE),
}
PLUGIN_METRIC: Final[Kinds] = {
    **dict.fromkeys(("name", "unit", "better", "origin", "error"), str),
    "value": (int, float, NoneType),
}
METRIC: Final[Kinds] = {"subject": str, "name": str, "value": float}
INCIDENT: Final[Kinds] = {
    **dict.fromkeys(("verdict", "tasks", "cycle", "memory_pages", "note"), str),
    "t_ns": int,
}
SERIES: Final[Kinds] = {"name": str, "unit": str, "t_ns": bytes, "v": bytes}
TASK: Final[Kinds] = {
    **dict.fromkeys(("name", "state", "waits_for"), str),
    "since_s": (int, float),
    "stack": list,
}


def check_schema(database: Database, path: Path) -> None:
    """See that nothing under a name of ours is somebody else's.

    Raises:
        StoreError: a table or view is not ours, or there is a trigger.
    """
    for name, kind, sql in database.conn.execute(_OBJECTS).fetchall():
        if kind == "trigger":
            msg = f"store {path} has the trigger {name!r}: code that reclaimlab never writes"
            raise StoreError(msg)
        ours = _ours().get(str(name).lower())
        if ours is not None and (kind, sql) not in ours:
            raise StoreError(f"store {path}: the {kind} {name!r} is not the one of reclaimlab")


@cache
def _ours() -> dict[str, set[tuple[str, str]]]:
    """Return what stands under each name of ours, in any version so far."""
    database = Database(memory=True)
    found: dict[str, set[tuple[str, str]]] = {}
    later = [each.name for each in MIGRATIONS.pending(database)][1:]
    for following in (*later, None):
        MIGRATIONS.apply(database, stop_before=following)
        for name, kind, sql in database.conn.execute(_OBJECTS).fetchall():
            if kind in ("table", "view"):
                found.setdefault(name, set()).add((kind, sql))
    database.close()
    return found


def of_kinds(row: Mapping[str, Any], kinds: Kinds) -> None:
    """See that each value is of the kind it must be: SQLite takes any in most columns.

    Raises:
        TypeError: one is not.
    """
    for name, kind in kinds.items():
        if not isinstance(row[name], kind):
            raise TypeError(f"{name} is {str(row[name])[:40]!r}")


def texts(found: Any) -> tuple[str, ...]:
    """Return a list of texts as a tuple.

    Raises:
        TypeError: it is something else.
    """
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise TypeError(f"{str(found)[:40]} is no list of texts")
    return tuple(found)


def whole_numbers(found: Any) -> tuple[int, ...]:
    """Return a list of whole numbers as a tuple.

    Raises:
        TypeError: it is something else.
    """
    if not isinstance(found, list) or not all(isinstance(each, int) for each in found):
        raise TypeError(f"{str(found)[:40]} is no list of whole numbers")
    return tuple(found)


def table_of(found: Any, kind: type) -> dict[str, Any]:
    """Return a JSON object all of whose values are of one kind.

    Raises:
        TypeError: it is something else.
    """
    if not isinstance(found, dict) or not all(isinstance(each, kind) for each in found.values()):
        raise TypeError(f"{str(found)[:40]} is no table of {kind.__name__}")
    return found
