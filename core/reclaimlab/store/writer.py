"""Writing to the store: one process writes, and a run is there whole or not at all."""

from __future__ import annotations

import json
import secrets
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from statistics import fmean
from typing import TYPE_CHECKING, Any, Final, Self

from reclaimlab.errors import StoreError
from reclaimlab.measure.records import METRICS, Incident, RunResult, Series, incident_json
from reclaimlab.store.begun import Begun
from reclaimlab.store.connection import connect_for_writing, transaction
from reclaimlab.store.erased import put_back, take_out
from reclaimlab.store.records import Note
from reclaimlab.store.series import CODEC, pack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reclaimlab.store.erased import Erased
    from reclaimlab.store.records import ComparisonHead, RunRecord

_ID_BYTES: Final = 4  # 8 hex digits: short enough to type, and ids of two stores do not collide


class StoreWriter:
    """The store, open for writing; use it as a context manager.

    States: open until :meth:`close`. Each method is one transaction.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._begun: list[Begun] = []
        self._database = connect_for_writing(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the file back; what was begun is no longer under way."""
        self._database.close()
        while self._begun:
            self._begun.pop().ended()

    def begin_comparison(self, head: ComparisonHead, comparison_id: str = "") -> str:
        """Store what is going to be compared; return its id, a new one if none is given."""
        comparison_id = comparison_id or new_comparison_id()
        self.resume_comparison(comparison_id)
        row = {
            "id": comparison_id,
            "created_at": _now(),
            "scenario": head.scenario,
            "title": head.title,
            "decides": head.decides,
            "scenario_hash": head.scenario_hash,
            "contenders": json.dumps(head.contenders),
            "seeds": json.dumps(head.seeds),
            "planned_runs": head.planned_runs,
            "package_version": head.package_version,
        }
        with self._transaction():
            self._insert("comparisons", row)
        return comparison_id

    def resume_comparison(self, comparison_id: str) -> None:
        """Mark a comparison as under way until :meth:`close`: if that never comes, it is told."""
        self._begun.append(Begun(self.path, "comparison", comparison_id))

    def extend_comparison(self, comparison_id: str, head: ComparisonHead) -> None:
        """Store that a comparison has the seeds of ``head`` by now."""
        sql = "UPDATE comparisons SET seeds = ?, planned_runs = ? WHERE id = ?"
        with self._transaction():
            values = (json.dumps(head.seeds), head.planned_runs, comparison_id)
            self._database.execute(sql, values)

    def add_run(self, comparison_id: str, number: int, record: RunRecord) -> str:
        """Store a run with everything it left behind; return its id.

        Args:
            comparison_id: what :meth:`begin_comparison` returned.
            number: the run's place in its comparison; runs may end in any order.
            record: the run.
        """
        run_id = f"{comparison_id}-{number:03d}"
        with self._transaction():
            self._insert("runs", _run_row(run_id, comparison_id, record))
            if record.result is not None:
                self._add_result(run_id, record.result)
            for metric in record.plugin_metrics:
                self._insert("plugin_metrics", {"run_id": run_id} | asdict(metric))
        return run_id

    def _add_result(self, run_id: str, result: RunResult) -> None:
        for row in _metric_rows(result):
            self._insert("metrics", {"run_id": run_id} | row)
        if result.incident is not None:
            self._insert("incidents", {"run_id": run_id} | _incident_row(result.incident))
        for series in result.series:
            self._insert("series", {"run_id": run_id} | _series_row(series))

    def add_tag(self, comparison_id: str, tag: str) -> None:
        """Tag a comparison; the same tag twice is one tag."""
        with self._transaction():
            self._database.execute(
                "INSERT OR IGNORE INTO tags (comparison_id, tag) VALUES (?, ?)",
                [comparison_id, tag],
            )

    def remove_tag(self, comparison_id: str, tag: str) -> None:
        """Take a tag off a comparison.

        Raises:
            StoreError: it has no such tag.
        """
        with self._transaction():
            found = self._database.execute(
                "DELETE FROM tags WHERE comparison_id = ? AND tag = ?", [comparison_id, tag]
            ).rowcount
        if not found:
            raise StoreError(f"comparison {comparison_id} has no tag {tag!r}")

    def add_note(
        self,
        comparison_id: str,
        text: str,
        *,
        contender: str = "",
        seed: int | None = None,
        time_ns: int | None = None,
    ) -> Note:
        """Add a remark to a comparison, a run of it, or a moment of that run; return it.

        Args:
            comparison_id: a full id.
            text: the remark.
            contender: with ``seed``, the run it is about; empty: the comparison as a whole.
            seed: of that run.
            time_ns: the moment, in simulated time; None: the run as a whole.

        Raises:
            StoreError: there is no such run.
        """
        note = Note(_now(), text, contender, seed, time_ns)
        self.put_note(comparison_id, note)
        return note

    def put_note(self, comparison_id: str, note: Note) -> None:
        """Store a note as it is, as after :meth:`take_note`.

        Raises:
            StoreError: the run it is about is not there.
        """
        row = {
            "comparison_id": comparison_id,
            "created_at": note.created_at,
            "text": note.text,
            "t_ns": note.time_ns,
        }
        with self._transaction():
            if note.contender:
                row["run_id"] = self._run_id(comparison_id, note.contender, note.seed)
            self._insert("notes", row)

    def take_note(self, comparison_id: str, note: Note, *, missing_ok: bool = False) -> None:
        """Delete a note.

        Raises:
            StoreError: it is no longer there, and not ``missing_ok``.
        """
        sql = "DELETE FROM notes WHERE comparison_id = ? AND created_at = ? AND text = ?"
        with self._transaction():
            found = self._database.execute(sql, [comparison_id, note.created_at, note.text])
            if not found.rowcount and not missing_ok:
                raise StoreError("the note is no longer in the store")

    def delete(self, comparison_id: str) -> None:
        """Delete a comparison with its runs, tags and notes."""
        with self._transaction():
            self._database.execute("DELETE FROM comparisons WHERE id = ?", [comparison_id])

    def take_out(self, comparison_id: str) -> Erased:
        """Delete a comparison and return all that it was, for :meth:`put_back`.

        Raises:
            StoreError: there is none with this id.
        """
        with self._transaction():
            return take_out(self._database, comparison_id)

    def put_back(self, erased: Erased) -> None:
        """Store again, byte by byte, what :meth:`take_out` returned."""
        with self._transaction():
            put_back(self._database, erased)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with transaction(self._database, self.path):
            yield

    def _run_id(self, comparison_id: str, contender: str, seed: int | None) -> str:
        sql = "SELECT id FROM runs WHERE comparison_id = ? AND contender = ? AND seed = ?"
        found = self._database.execute(sql, [comparison_id, contender, seed]).fetchone()
        if found is None:
            raise StoreError(f"comparison {comparison_id} has no run of {contender}, seed {seed}")
        return str(found[0])

    def _insert(self, table: str, row: dict[str, Any]) -> None:
        # Table and column names are ours, never the user's. Plain INSERT: sqlite-utils' own reads
        # the table's schema on each call, which is most of the time of a run of 100 rows.
        columns, places = ", ".join(row), ", ".join("?" * len(row))
        self._database.execute(
            f"INSERT INTO {table} ({columns}) VALUES ({places})",
            list(row.values()),
        )


def new_comparison_id() -> str:
    """Return an id that no store is likely to have."""
    return secrets.token_hex(_ID_BYTES)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _run_row(run_id: str, comparison_id: str, record: RunRecord) -> dict[str, Any]:
    result = record.result
    return {
        "id": run_id,
        "comparison_id": comparison_id,
        "scenario": record.scenario,
        "contender": record.contender,
        "seed": record.seed,
        "schedule": result and result.schedule,
        "verdict": result and str(result.verdict),
        "ended": result and result.ended,
        "ended_ns": result and result.ended_ns,
        "events": result and result.events,
        "failure": record.failure and str(record.failure),
        "error": record.error or None,
        "traceback": record.traceback or None,
        "policy_versions": json.dumps(dict(record.policy_versions)),
        "package_version": record.package_version,
        "result_hash": record.result_hash or None,
        "scenario_hash": record.scenario_hash,
        "scenario_text": record.scenario_text,
    }


def _metric_rows(result: RunResult) -> Iterator[dict[str, Any]]:
    subjects = [("run", "", result.metrics)]
    subjects += [("task", name, metrics) for name, metrics in result.task_metrics.items()]
    subjects += [("memcg", name, metrics) for name, metrics in result.memcg_metrics.items()]
    for scope, subject, metrics in subjects:
        for name, value in metrics.items():
            unit = METRICS[name].unit if name in METRICS else ""
            yield {
                "scope": scope, "subject": subject, "name": name, "value": value, "unit": unit
            }  # fmt: skip


def _incident_row(incident: Incident) -> dict[str, Any]:
    plain = incident_json(incident, seed=0)
    return {
        "verdict": str(incident.verdict),
        "t_ns": incident.time_ns,
        "tasks": json.dumps(plain["tasks"]),
        "cycle": json.dumps(plain["cycle"]),
        "memory_pages": json.dumps(plain["memory"]),
        "note": incident.note,
    }


def _series_row(series: Series) -> dict[str, Any]:
    values, times = series.values, series.times_ns
    return {
        "name": series.name,
        "unit": series.unit,
        "n": len(values),
        "min": min(values, default=None),
        "max": max(values, default=None),
        "mean": fmean(values) if values else None,
        "last": values[-1] if values else None,
        "t_first_ns": times[0] if times else None,
        "t_last_ns": times[-1] if times else None,
        "codec": CODEC,
        "t_ns": pack(times),
        "v": pack(values),
    }
