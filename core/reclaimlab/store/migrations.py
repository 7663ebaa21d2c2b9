"""The tables, indexes and views of the store, and how an older file becomes a newer one.

Made to read well in Datasette: declared foreign keys to single-column text ids, units in column
names, JSON in text columns, views for the two questions that are always asked.

A published migration is never edited: a change is a new function at the end.
"""

from __future__ import annotations

from typing import Final

from sqlite_utils import Database, Migrations

from reclaimlab.store.exploration_tables import EXPLORATION_TABLES
from reclaimlab.store.sweep_tables import SWEEP_TABLES

APPLICATION_ID: Final = 0x52634C62  # "RcLb", as file(1) may be taught to show
MIGRATIONS: Final = Migrations("reclaimlab")

_TABLES: Final = (
    """
    CREATE TABLE comparisons (
        id TEXT PRIMARY KEY NOT NULL,
        created_at TEXT NOT NULL,
        scenario TEXT NOT NULL,
        title TEXT NOT NULL,
        decides TEXT NOT NULL,
        scenario_hash TEXT NOT NULL,
        contenders TEXT NOT NULL CHECK (json_valid(contenders)),
        seeds TEXT NOT NULL CHECK (json_valid(seeds)),
        planned_runs INTEGER NOT NULL,
        package_version TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE runs (
        id TEXT PRIMARY KEY NOT NULL,
        comparison_id TEXT NOT NULL REFERENCES comparisons(id) ON DELETE CASCADE,
        scenario TEXT NOT NULL,
        contender TEXT NOT NULL,
        seed INTEGER NOT NULL,
        schedule TEXT,
        verdict TEXT,
        ended TEXT,
        ended_ns INTEGER,
        events INTEGER,
        failure TEXT,
        error TEXT,
        policy_versions TEXT NOT NULL CHECK (json_valid(policy_versions)),
        package_version TEXT NOT NULL,
        result_hash TEXT,
        scenario_hash TEXT NOT NULL,
        scenario_text TEXT NOT NULL,
        CHECK ((verdict IS NULL) = (failure IS NOT NULL)),
        UNIQUE (comparison_id, contender, seed)
    )
    """,
    """
    CREATE TABLE metrics (
        id INTEGER PRIMARY KEY,
        run_id TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
        scope TEXT NOT NULL CHECK (scope IN ('run', 'task', 'memcg')),
        subject TEXT NOT NULL,
        name TEXT NOT NULL,
        value REAL NOT NULL,
        unit TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE incidents (
        id INTEGER PRIMARY KEY,
        run_id TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
        verdict TEXT NOT NULL,
        t_ns INTEGER NOT NULL,
        tasks TEXT NOT NULL CHECK (json_valid(tasks)),
        cycle TEXT NOT NULL CHECK (json_valid(cycle)),
        memory_pages TEXT NOT NULL CHECK (json_valid(memory_pages)),
        note TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE series (
        id INTEGER PRIMARY KEY,
        run_id TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
        name TEXT NOT NULL,
        unit TEXT NOT NULL,
        n INTEGER NOT NULL,
        min INTEGER,
        max INTEGER,
        mean REAL,
        last INTEGER,
        t_first_ns INTEGER,
        t_last_ns INTEGER,
        codec TEXT NOT NULL,
        t_ns BLOB NOT NULL,
        v BLOB NOT NULL
    )
    """,
    """
    CREATE TABLE tags (
        id INTEGER PRIMARY KEY,
        comparison_id TEXT NOT NULL REFERENCES comparisons(id) ON DELETE CASCADE,
        tag TEXT NOT NULL,
        UNIQUE (comparison_id, tag)
    )
    """,
    """
    CREATE TABLE notes (
        id INTEGER PRIMARY KEY,
        comparison_id TEXT NOT NULL REFERENCES comparisons(id) ON DELETE CASCADE,
        created_at TEXT NOT NULL,
        text TEXT NOT NULL
    )
    """,
)

# comparison_id of runs and tags is the first column of their UNIQUE index already.
_INDEXES: Final = (
    "CREATE INDEX metrics_by_run ON metrics (run_id, scope, name)",
    "CREATE INDEX incidents_by_run ON incidents (run_id)",
    "CREATE INDEX series_by_run ON series (run_id, name)",
    "CREATE INDEX notes_by_comparison ON notes (comparison_id)",
    "CREATE INDEX comparisons_by_time ON comparisons (created_at)",
)

# 0 is the worst, as in measure.records.Verdict.
_SEVERITY: Final = """
    CASE verdict WHEN 'deadlock' THEN 0 WHEN 'livelock' THEN 1 WHEN 'stall' THEN 2
                 WHEN 'premature-oom' THEN 3 WHEN 'oom' THEN 4 WHEN 'ok' THEN 5 END
"""
_WORST: Final = """
    CASE min(severity) WHEN 0 THEN 'deadlock' WHEN 1 THEN 'livelock' WHEN 2 THEN 'stall'
                       WHEN 3 THEN 'premature-oom' WHEN 4 THEN 'oom' WHEN 5 THEN 'ok' END
"""
_VIEWS: Final = (
    f"""
    CREATE VIEW comparison_summary AS
    SELECT c.id AS comparison_id, c.created_at, c.scenario, c.title, c.planned_runs,
           count(r.id) AS stored_runs, count(r.failure) AS failed_runs,
           {_WORST} AS worst_verdict, c.contenders, c.seeds, c.package_version
    FROM comparisons c
    LEFT JOIN (SELECT id, comparison_id, failure, {_SEVERITY} AS severity FROM runs) r
           ON r.comparison_id = c.id
    GROUP BY c.id
    """,
    f"""
    CREATE VIEW verdict_matrix AS
    SELECT comparison_id, scenario, contender, {_WORST} AS verdict,
           count(*) FILTER (WHERE verdict = 'deadlock') AS deadlock,
           count(*) FILTER (WHERE verdict = 'livelock') AS livelock,
           count(*) FILTER (WHERE verdict = 'stall') AS stall,
           count(*) FILTER (WHERE verdict = 'premature-oom') AS premature_oom,
           count(*) FILTER (WHERE verdict = 'oom') AS oom,
           count(*) FILTER (WHERE verdict = 'ok') AS ok,
           count(failure) AS failed, count(*) AS runs
    FROM (SELECT *, {_SEVERITY} AS severity FROM runs)
    GROUP BY comparison_id, scenario, contender
    """,
)

_INCIDENTS_VIEW: Final = """
    CREATE VIEW incidents_view AS
    SELECT i.id AS incident_id, r.comparison_id, r.id AS run_id, r.scenario, r.contender, r.seed,
           i.verdict, i.t_ns / 1e9 AS time_s, json_array_length(i.tasks) AS tasks,
           json_extract(i.tasks, '$[0].name') AS first_task,
           json_extract(i.tasks, '$[0].waits_for') AS first_waits_for,
           json_extract(i.tasks, '$[0].stack[0]') AS first_blocked_in,
           (SELECT group_concat(value, ' -> ') FROM json_each(i.cycle)) AS cycle, i.note
    FROM incidents i JOIN runs r ON r.id = i.run_id
"""


@MIGRATIONS()
def m001_first_tables(db: Database) -> None:
    """Make the first version of every table, index and view."""
    for statement in (*_TABLES, *_INDEXES, *_VIEWS):
        db.execute(statement)


@MIGRATIONS()
def m002_sweeps(db: Database) -> None:
    """Make the tables of sweeps."""
    for statement in SWEEP_TABLES:
        db.execute(statement)


@MIGRATIONS()
def m003_incidents_view(db: Database) -> None:
    """Make the view of every incident with the run that it belongs to."""
    db.execute(_INCIDENTS_VIEW)


@MIGRATIONS()
def m004_notes_on_runs_and_moments(db: Database) -> None:
    """Let a note belong to a run of its comparison, and to a moment of that run."""
    db.execute("ALTER TABLE notes ADD COLUMN run_id TEXT REFERENCES runs(id) ON DELETE CASCADE")
    db.execute("ALTER TABLE notes ADD COLUMN t_ns INTEGER CHECK (t_ns IS NULL OR run_id NOT NULL)")
    db.execute("CREATE INDEX notes_by_run ON notes (run_id)")


_PLUGIN_METRICS: Final = (
    """
    CREATE TABLE plugin_metrics (
        id INTEGER PRIMARY KEY,
        run_id TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
        name TEXT NOT NULL,
        origin TEXT NOT NULL,
        value REAL,
        unit TEXT NOT NULL,
        better TEXT NOT NULL CHECK (better IN ('higher', 'lower')),
        error TEXT NOT NULL,
        CHECK ((value IS NULL) = (error <> ''))
    )
    """,
    "CREATE INDEX plugin_metrics_by_run ON plugin_metrics (run_id, name)",
)


@MIGRATIONS()
def m005_plugin_metrics(db: Database) -> None:
    """Make the table of what the metrics of plugins said of a run, or why they said nothing."""
    for statement in _PLUGIN_METRICS:
        db.execute(statement)


@MIGRATIONS()
def m006_tracebacks(db: Database) -> None:
    """Let a run that failed keep where in its plugin it did."""
    db.execute("ALTER TABLE runs ADD COLUMN traceback TEXT")


@MIGRATIONS()
def m007_explorations(db: Database) -> None:
    """Make the table of explorations."""
    for statement in EXPLORATION_TABLES:
        db.execute(statement)


SCHEMA_VERSION: Final = 7
"""Number of migrations above; stands in the file as ``user_version``."""
