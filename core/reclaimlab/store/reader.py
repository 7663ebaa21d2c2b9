"""Reading the store: comparisons by id, and their runs as they were simulated."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from reclaimlab.errors import StoreError
from reclaimlab.measure.records import Incident, RunResult, Series, TaskReport, Verdict
from reclaimlab.store.connection import connect_for_reading, sqlite_errors
from reclaimlab.store.records import (
    ComparisonHead,
    Failure,
    Note,
    PluginMetric,
    RunRecord,
    StoredComparison,
    VerdictCell,
)
from reclaimlab.store.series import unpack
from reclaimlab.store.strangers import (
    COMPARISON,
    INCIDENT,
    METRIC,
    NOTE,
    PLUGIN_METRIC,
    RUN,
    SERIES,
    TAG,
    TASK,
    Kinds,
    of_kinds,
    table_of,
    texts,
    whole_numbers,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

LATEST = "latest"
"""The id that stands for the newest comparison."""

Row = dict[str, Any]


class StoreReader:
    """The store, open for reading; use it as a context manager."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._database = connect_for_reading(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the file back."""
        self._database.close()

    def comparisons(self, tag: str = "") -> tuple[StoredComparison, ...]:
        """Return all comparisons, newest first; with ``tag`` only those that carry it."""
        chosen = "WHERE c.id IN (SELECT comparison_id FROM tags WHERE tag = ?)" if tag else ""
        sql = f"{_COMPARISONS} {chosen} ORDER BY c.created_at DESC, c.rowid DESC"
        return tuple(self._comparison(row) for row in self._rows(sql, [tag] if tag else []))

    def comparison(self, name: str) -> StoredComparison:
        """Return the comparison that ``name`` names: an id, its beginning, or ``latest``.

        Raises:
            StoreError: none or several are named so.
        """
        row = next(self._rows(f"{_COMPARISONS} WHERE c.id = ?", [self.resolve(name)]))
        return self._comparison(row)

    def notes(self, comparison_id: str) -> tuple[Note, ...]:
        """Return the notes on a comparison, its runs and their moments, oldest first."""
        with self._understood({"id": comparison_id}):
            return tuple(Note(**row) for row in self._of_kinds(_NOTES, comparison_id, NOTE))

    def verdict_cells(self) -> tuple[VerdictCell, ...]:
        """Return the worst verdict of each contender of each comparison, newest first."""
        rows = self._rows(_VERDICT_CELLS, [])
        return tuple(
            VerdictCell(
                comparison=row["comparison_id"],
                scenario=row["scenario"],
                contender=row["contender"],
                verdict=row["verdict"],
                count=row[row["verdict"].replace("-", "_")],
                runs=row["runs"],
            )
            for row in rows
        )

    def resolve(self, name: str) -> str:
        """Return the full id for an id, the beginning of one, or ``latest``.

        Raises:
            StoreError: none or several are named so.
        """
        ids = [row["id"] for row in self._rows(_IDS, [])]
        if not ids:
            raise StoreError(f"store {self.path} holds no comparison yet; see `reclaimlab compare`")
        if name == LATEST:
            return str(ids[0])
        found = [known for known in ids if name and known.startswith(name)]
        if name in found or len(found) == 1:
            return name if name in found else str(found[0])
        if found:
            raise StoreError(f"comparison {name!r} is not one: {', '.join(found)} begin so")
        newest = ", ".join(ids[:5]) + (", ..." if len(ids) > 5 else "")
        raise StoreError(
            f"there is no comparison {name!r} in {self.path}; newest first: {newest} "
            f"(`reclaimlab runs list` shows all, 'latest' is the newest)"
        )

    def runs(self, comparison_id: str, *, series: bool = False) -> tuple[RunRecord, ...]:
        """Return the stored runs of a comparison, in the order they were planned.

        Args:
            comparison_id: a full id.
            series: also read the series, which are most of the bytes.
        """
        sql = "SELECT * FROM runs WHERE comparison_id = ? ORDER BY length(id), id"
        rows = list(self._rows(sql, [comparison_id]))
        return tuple(self._run(row, series=series) for row in rows)

    def run(self, comparison_id: str, contender: str, seed: int) -> RunRecord:
        """Return one run of a comparison, without its series.

        Raises:
            StoreError: there is no such run.
        """
        sql = "SELECT * FROM runs WHERE comparison_id = ? AND contender = ? AND seed = ?"
        row = next(self._rows(sql, [comparison_id, contender, seed]), None)
        if row is None:
            raise StoreError(
                f"comparison {comparison_id} in {self.path} has no run of {contender} "
                f"with seed {seed}; it may have been deleted"
            )
        return self._run(row, series=False)

    def series(self, run_id: str) -> tuple[Series, ...]:
        """Return the series of one run."""
        rows = self._rows("SELECT * FROM series WHERE run_id = ? ORDER BY id", [run_id])
        return tuple(map(self._series, rows))

    def _series(self, row: Row) -> Series:
        with self._understood(row):
            of_kinds(row, SERIES)
            return Series(row["name"], row["unit"], unpack(row["t_ns"]), unpack(row["v"]))

    def series_of(self, comparison_id: str, contender: str, seed: int) -> tuple[Series, ...]:
        """Return the series of the run of ``contender`` with ``seed``; none if it is not stored."""
        sql = "SELECT id FROM runs WHERE comparison_id = ? AND contender = ? AND seed = ?"
        rows = self._rows(sql, [comparison_id, contender, seed])
        return next((self.series(row["id"]) for row in rows), ())

    def scenario_text(self, comparison_id: str) -> str:
        """Return the scenario that all runs of a comparison share; empty before the first run."""
        sql = "SELECT scenario_text FROM runs WHERE comparison_id = ? LIMIT 1"
        return next((str(row["scenario_text"]) for row in self._rows(sql, [comparison_id])), "")

    @contextmanager
    def _guard(self) -> Iterator[None]:
        with sqlite_errors(self.path):
            yield

    def _rows(self, sql: str, values: Sequence[Any]) -> Iterator[Row]:
        with self._guard():
            cursor: sqlite3.Cursor = self._database.execute(sql, values)
            names = [column[0] for column in cursor.description]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        return iter(rows)

    @contextmanager
    def _understood(self, row: Row) -> Iterator[None]:
        """Turn what a stranger may have put into a row into one clear line."""
        try:
            yield
        except (ArithmeticError, KeyError, RecursionError, TypeError, ValueError) as error:
            msg = f"store {self.path}: {str(row.get('id'))[:40]!r} is not as reclaimlab writes it: "
            raise StoreError(f"{msg}{str(error)[:200]}") from error

    def _comparison(self, row: Row) -> StoredComparison:
        with self._understood(row):
            of_kinds(row, COMPARISON)
            return self._understand_comparison(row)

    def _understand_comparison(self, row: Row) -> StoredComparison:
        tags = self._of_kinds(_TAGS, row["id"], TAG)
        return StoredComparison(
            id=row["id"],
            created_at=row["created_at"],
            head=_head(row),
            stored_runs=row["stored_runs"],
            failed_runs=row["failed_runs"],
            tags=tuple(tag["tag"] for tag in tags),
            notes=self.notes(row["id"]),
            worst_verdict=row["worst_verdict"] or "",
        )

    def _of_kinds(self, sql: str, owner: str, kinds: Kinds) -> list[Row]:
        found = list(self._rows(sql, [owner]))
        for each in found:
            of_kinds(each, kinds)
        return found

    def _run(self, row: Row, *, series: bool) -> RunRecord:
        with self._understood(row):
            of_kinds(row, RUN)
            return self._understand_run(row, series=series)

    def _understand_run(self, row: Row, *, series: bool) -> RunRecord:
        return RunRecord(
            scenario=row["scenario"],
            scenario_text=row["scenario_text"],
            scenario_hash=row["scenario_hash"],
            contender=row["contender"],
            seed=row["seed"],
            package_version=row["package_version"],
            policy_versions=table_of(json.loads(row["policy_versions"]), str),
            result=None if row["failure"] else self._result(row, series=series),
            result_hash=row["result_hash"] or "",
            failure=Failure(row["failure"]) if row["failure"] else None,
            error=row["error"] or "",
            traceback=row["traceback"] or "",
            plugin_metrics=self._plugin_metrics(row["id"]),
        )

    def _plugin_metrics(self, run_id: str) -> tuple[PluginMetric, ...]:
        found = self._of_kinds(_PLUGIN_METRICS, run_id, PLUGIN_METRIC)
        return tuple(PluginMetric(**row) for row in found)

    def _result(self, row: Row, *, series: bool) -> RunResult:
        metrics = self._of_kinds(_METRICS, row["id"], METRIC)
        of_kinds(row, {"schedule": str, "ended": str, "ended_ns": int, "events": int})
        incidents = self._rows("SELECT * FROM incidents WHERE run_id = ?", [row["id"]])
        return RunResult(
            scenario=row["scenario"],
            contender=row["contender"],
            seed=row["seed"],
            schedule=row["schedule"],
            verdict=Verdict(row["verdict"]),
            ended=row["ended"],
            ended_ns=row["ended_ns"],
            metrics=_by_subject(metrics, "run").get("", {}),
            task_metrics=_by_subject(metrics, "task"),
            memcg_metrics=_by_subject(metrics, "memcg"),
            incident=next((_incident(incident) for incident in incidents), None),
            series=self.series(row["id"]) if series else (),
            policy_versions=table_of(json.loads(row["policy_versions"]), str),
            events=row["events"],
        )


_IDS = "SELECT id FROM comparisons ORDER BY created_at DESC, rowid DESC"
_VERDICT_CELLS = """
    SELECT m.* FROM verdict_matrix m JOIN comparisons c ON c.id = m.comparison_id
    WHERE m.verdict IS NOT NULL ORDER BY c.created_at DESC, c.rowid DESC
"""
_NOTES = """
    SELECT n.created_at, n.text, coalesce(r.contender, '') AS contender, r.seed,
           n.t_ns AS time_ns
    FROM notes n LEFT JOIN runs r ON r.id = n.run_id WHERE n.comparison_id = ? ORDER BY n.id
"""
_TAGS = "SELECT tag FROM tags WHERE comparison_id = ? ORDER BY tag"
_METRICS = "SELECT scope, subject, name, value FROM metrics WHERE run_id = ? ORDER BY id"
_PLUGIN_METRICS = """
    SELECT name, unit, better, origin, value, error FROM plugin_metrics
    WHERE run_id = ? ORDER BY id
"""
_COMPARISONS = """
    SELECT c.*, s.stored_runs, s.failed_runs, s.worst_verdict
    FROM comparisons c JOIN comparison_summary s ON s.comparison_id = c.id
"""


def _head(row: Row) -> ComparisonHead:
    return ComparisonHead(
        scenario=row["scenario"],
        title=row["title"],
        decides=row["decides"],
        scenario_hash=row["scenario_hash"],
        contenders=texts(json.loads(row["contenders"])),
        seeds=whole_numbers(json.loads(row["seeds"])),
        package_version=row["package_version"],
    )


def _by_subject(rows: Iterable[Row], scope: str) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for row in rows:
        if row["scope"] == scope:
            found.setdefault(row["subject"], {})[row["name"]] = row["value"]
    return found


def _incident(row: Row) -> Incident:
    of_kinds(row, INCIDENT)
    return Incident(
        verdict=Verdict(row["verdict"]),
        time_ns=row["t_ns"],
        tasks=tuple(_task(task) for task in json.loads(row["tasks"])),
        cycle=texts(json.loads(row["cycle"])),
        memory=table_of(json.loads(row["memory_pages"]), int),
        note=row["note"],
    )


def _task(plain: Row) -> TaskReport:
    of_kinds(plain, TASK)
    return TaskReport(**(plain | {"stack": texts(plain["stack"])}))
