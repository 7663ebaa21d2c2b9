"""The table of explorations."""

from __future__ import annotations

from typing import Final

EXPLORATION_TABLES: Final = (
    """
    CREATE TABLE explorations (
        id TEXT PRIMARY KEY NOT NULL,
        created_at TEXT NOT NULL,
        scenario TEXT NOT NULL,
        contender TEXT NOT NULL,
        granularity TEXT NOT NULL,
        exhausted INTEGER NOT NULL CHECK (exhausted IN (0, 1)),
        states INTEGER NOT NULL,
        violated TEXT NOT NULL CHECK (json_valid(violated)),
        found TEXT NOT NULL CHECK (json_valid(found))
    )
    """,
    "CREATE INDEX explorations_by_time ON explorations (created_at)",
)
