"""The tables of sweeps: what was asked for, its points, and results by their content.

A result is kept once, whichever sweeps asked for it: its key is the hash of all that determines a
run. Nothing in these tables depends on when or in which order the runs ended, but for two columns:
``created_at`` and ``retries``.
"""

from __future__ import annotations

from typing import Final

SWEEP_TABLES: Final = (
    """
    CREATE TABLE sweeps (
        id TEXT PRIMARY KEY NOT NULL,
        created_at TEXT NOT NULL,
        kind TEXT NOT NULL,
        scenario TEXT NOT NULL,
        title TEXT NOT NULL,
        decides TEXT NOT NULL,
        spec TEXT NOT NULL CHECK (json_valid(spec)),
        planned_runs INTEGER NOT NULL,
        package_version TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE results (
        key TEXT PRIMARY KEY NOT NULL,
        scenario TEXT NOT NULL,
        scenario_hash TEXT NOT NULL,
        contender TEXT NOT NULL,
        seed INTEGER NOT NULL,
        verdict TEXT,
        ended TEXT,
        ended_ns INTEGER,
        events INTEGER,
        failure TEXT,
        error TEXT,
        package_version TEXT NOT NULL,
        result_hash TEXT,
        metrics TEXT NOT NULL CHECK (json_valid(metrics)),
        detail BLOB NOT NULL,
        CHECK ((verdict IS NULL) = (failure IS NOT NULL))
    )
    """,
    """
    CREATE TABLE sweep_points (
        sweep_id TEXT NOT NULL REFERENCES sweeps(id) ON DELETE CASCADE,
        point INTEGER NOT NULL,
        settings TEXT NOT NULL CHECK (json_valid(settings)),
        scenario_hash TEXT NOT NULL,
        PRIMARY KEY (sweep_id, point)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE sweep_runs (
        sweep_id TEXT NOT NULL REFERENCES sweeps(id) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        point INTEGER NOT NULL,
        contender TEXT NOT NULL,
        seed INTEGER NOT NULL,
        key TEXT NOT NULL REFERENCES results(key),
        retries INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (sweep_id, number)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX sweep_runs_by_key ON sweep_runs (key)",
    """
    CREATE VIEW sweep_results AS
    SELECT s.sweep_id, s.number, s.point, p.settings, s.contender, s.seed, r.verdict, r.ended,
           r.ended_ns, r.failure, r.error, r.metrics, r.events, s.retries, r.result_hash, s.key
    FROM sweep_runs s
    JOIN sweep_points p ON p.sweep_id = s.sweep_id AND p.point = s.point
    JOIN results r ON r.key = s.key
    """,
)
