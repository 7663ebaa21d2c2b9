"""Sweeps in the store: begun once, filled run by run, asked for what is missing."""

from __future__ import annotations

import json
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Self

from reclaimlab.errors import StoreError, did_you_mean
from reclaimlab.measure.records import incident_json
from reclaimlab.store.begun import Begun
from reclaimlab.store.connection import (
    connect_for_reading,
    connect_for_writing,
    sqlite_errors,
    transaction,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from reclaimlab.measure.records import RunResult
    from reclaimlab.store.records import RunRecord

LATEST: Final = "latest"


@dataclass(frozen=True, slots=True)
class SweepHead:
    """A sweep as it was asked for; its id follows from all of it."""

    id: str
    kind: str
    """The command that asked: ``sweep``, ``boundary``, ``ablate`` or ``sensitivity``."""
    scenario: str
    title: str
    decides: str
    spec: Mapping[str, Any]
    planned_runs: int
    package_version: str


@dataclass(frozen=True, slots=True)
class StoredSweep:
    """A sweep in the store, and how far it is."""

    head: SweepHead
    created_at: str
    """ISO 8601, UTC."""
    stored_runs: int
    failed_runs: int
    retries: int


@dataclass(frozen=True, slots=True)
class SweepRun:
    """One run of a sweep: a line of its table."""

    number: int
    point: int
    settings: Mapping[str, str]
    contender: str
    seed: int
    verdict: str | None
    """None if the run has no result."""
    ended_ns: int | None
    metrics: Mapping[str, float]
    error: str
    key: str
    result_hash: str
    retries: int


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """A run's place in its sweep, and the key of its content."""

    number: int
    point: int
    contender: str
    seed: int
    key: str


class SweepWriter:
    """The sweeps of a store, open for writing; use it as a context manager.

    Each method is one transaction: a run is there whole or not at all.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._begun: Begun | None = None
        self._database = connect_for_writing(path)
        # A killed process loses nothing; only a machine that loses power may lose the last runs,
        # which are then made again. A run would else wait for the disk.
        self._database.execute("PRAGMA synchronous = NORMAL")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()
        if self._begun is not None:
            self._begun.ended()

    def begin(self, head: SweepHead) -> None:
        """Store what is asked for; a sweep that is there already stays as it is."""
        if self._begun is not None:
            self._begun.ended()
        self._begun = Begun(self.path, "sweep", head.id)
        with self._transaction():
            self._insert("sweeps", _head_row(head))

    def add_point(
        self, sweep_id: str, point: int, settings: Mapping[str, str], digest: str
    ) -> None:
        """Store the values of a point and the hash of its scenario."""
        row = {
            "sweep_id": sweep_id,
            "point": point,
            "settings": json.dumps(settings),
            "scenario_hash": digest,
        }
        with self._transaction():
            self._insert("sweep_points", row)

    def stored_numbers(self, sweep_id: str, first: int, after: int) -> set[int]:
        """Return which runs from ``first`` up to ``after`` are stored."""
        sql = "SELECT number FROM sweep_runs WHERE sweep_id = ? AND number >= ? AND number < ?"
        return {row[0] for row in self._query(sql, [sweep_id, first, after])}

    def known_keys(self, keys: Sequence[str]) -> set[str]:
        """Return which results are stored, whoever asked for them."""
        marks = ", ".join("?" * len(keys))
        return {
            row[0] for row in self._query(f"SELECT key FROM results WHERE key IN ({marks})", keys)
        }

    def add_result(self, key: str, record: RunRecord) -> None:
        """Store a result by its content; one that is there already stays."""
        with self._transaction():
            self._insert("results", _result_row(key, record))

    def add_runs(
        self,
        sweep_id: str,
        runs: Iterable[PlannedRun],
        record: RunRecord | None = None,
        retries: int = 0,
    ) -> None:
        """Store that ``runs`` are done; with ``record``, also the result that all of them have."""
        with self._transaction():
            for place, run in enumerate(runs):
                if record is not None and place == 0:
                    self._insert("results", _result_row(run.key, record))
                row = {
                    "sweep_id": sweep_id,
                    "number": run.number,
                    "point": run.point,
                    "contender": run.contender,
                    "seed": run.seed,
                    "key": run.key,
                    "retries": retries if place == 0 else 0,
                }
                self._insert("sweep_runs", row)

    def verdict_of(self, key: str) -> str | None:
        """Return the verdict of a stored result; None if it is not stored or has none."""
        row = next(self._query("SELECT verdict FROM results WHERE key = ?", [key]), None)
        return None if row is None else row[0]

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with transaction(self._database, self.path):
            yield

    def _query(self, sql: str, values: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
        with sqlite_errors(self.path):
            yield from self._database.execute(sql, list(values)).fetchall()

    def _insert(self, table: str, row: Mapping[str, Any]) -> None:
        # Table and column names are ours, never the user's.
        columns, places = ", ".join(row), ", ".join("?" * len(row))
        self._database.execute(
            f"INSERT OR IGNORE INTO {table} ({columns}) VALUES ({places})", list(row.values())
        )


class SweepReader:
    """The sweeps of a store, open for reading; use it as a context manager."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._database = connect_for_reading(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def sweeps(self) -> tuple[StoredSweep, ...]:
        """Return all sweeps, newest first."""
        return tuple(map(_stored, self._rows(f"{_SWEEPS} ORDER BY created_at DESC, s.rowid DESC")))

    def sweep(self, name: str) -> StoredSweep:
        """Return the sweep that ``name`` names: an id, its beginning, or ``latest``.

        Raises:
            StoreError: none or several are named so.
        """
        known = self.sweeps()
        if not known:
            raise StoreError(f"store {self.path} holds no sweep yet; see `reclaimlab sweep --help`")
        if name == LATEST:
            return known[0]
        found = [each for each in known if name and each.head.id.startswith(name)]
        if len(found) == 1:
            return found[0]
        ids = [each.head.id for each in found or known]
        if found:
            raise StoreError(f"sweep {name!r} is not one: {', '.join(ids)} begin so")
        hint = did_you_mean(name, ids[:10], what="sweeps")
        raise StoreError(f"there is no sweep {name!r} in {self.path}; {hint}")

    def runs(self, sweep_id: str) -> Iterator[SweepRun]:
        """Yield the stored runs of a sweep in the order they were planned."""
        sql = "SELECT * FROM sweep_results WHERE sweep_id = ? ORDER BY number"
        for row in self._rows(sql, [sweep_id]):
            yield SweepRun(
                number=row["number"],
                point=row["point"],
                settings=json.loads(row["settings"]),
                contender=row["contender"],
                seed=row["seed"],
                verdict=row["verdict"],
                ended_ns=row["ended_ns"],
                metrics=json.loads(row["metrics"]),
                error=row["error"] or "",
                key=row["key"],
                result_hash=row["result_hash"] or "",
                retries=row["retries"],
            )

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> Iterator[dict[str, Any]]:
        with sqlite_errors(self.path):
            yield from self._database.query(sql, list(values))


_SWEEPS: Final = """
    SELECT s.*,
           (SELECT count(*) FROM sweep_runs r WHERE r.sweep_id = s.id) AS stored_runs,
           (SELECT count(*) FROM sweep_runs r JOIN results USING (key)
            WHERE r.sweep_id = s.id AND failure IS NOT NULL) AS failed_runs,
           (SELECT coalesce(sum(retries), 0) FROM sweep_runs r WHERE r.sweep_id = s.id) AS retries
    FROM sweeps s
"""


def _head_row(head: SweepHead) -> dict[str, Any]:
    return {
        "id": head.id,
        "created_at": datetime.now(UTC).isoformat(timespec="microseconds"),
        "kind": head.kind,
        "scenario": head.scenario,
        "title": head.title,
        "decides": head.decides,
        "spec": json.dumps(head.spec),
        "planned_runs": head.planned_runs,
        "package_version": head.package_version,
    }


def _stored(row: Mapping[str, Any]) -> StoredSweep:
    head = SweepHead(
        id=row["id"],
        kind=row["kind"],
        scenario=row["scenario"],
        title=row["title"],
        decides=row["decides"],
        spec=json.loads(row["spec"]),
        planned_runs=row["planned_runs"],
        package_version=row["package_version"],
    )
    return StoredSweep(
        head, row["created_at"], row["stored_runs"], row["failed_runs"], row["retries"]
    )


def _result_row(key: str, record: RunRecord) -> dict[str, Any]:
    result = record.result
    return {
        "key": key,
        "scenario": record.scenario,
        "scenario_hash": record.scenario_hash,
        "contender": record.contender,
        "seed": record.seed,
        "verdict": result and str(result.verdict),
        "ended": result and result.ended,
        "ended_ns": result and result.ended_ns,
        "events": result and result.events,
        "failure": record.failure and str(record.failure),
        "error": record.error or None,
        "package_version": record.package_version,
        "result_hash": record.result_hash or None,
        "metrics": json.dumps(result.metrics if result else {}),
        "detail": zlib.compress(json.dumps(_detail(record, result)).encode()),
    }


def _detail(record: RunRecord, result: RunResult | None) -> dict[str, Any]:
    """Return what is read for one run only: it need not stand in columns."""
    if result is None:
        return {"policy_versions": dict(record.policy_versions)}
    incident = result.incident
    return {
        "policy_versions": dict(record.policy_versions),
        "schedule": result.schedule,
        "tasks": result.task_metrics,
        "memcgs": result.memcg_metrics,
        "incident": None if incident is None else incident_json(incident, result.seed),
    }
