"""The store's comparisons as rows: what was compared, what it came to, tags and notes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reclaimlab_gui.models.table import Cell, Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reclaimlab.store.records import RunRecord, StoredComparison

HISTORY_HEADER: Final = (
    "comparison",
    "when (UTC)",
    "scenario",
    "worst",
    "runs",
    "contenders",
    "tags",
    "notes",
)
STORED_RUN_HEADER: Final = ("contender", "seed", "verdict", "ended (s)", "why it ended")


def history_rows(found: Sequence[StoredComparison]) -> list[Row]:
    """Return a row a comparison, as the store has them: newest first."""
    return [_row(each) for each in found]


def _row(stored: StoredComparison) -> Row:
    head = stored.head
    notes = "; ".join(note.line for note in stored.notes)
    failed = f", {stored.failed_runs} failed" if stored.failed_runs else ""
    runs = f"{stored.stored_runs} of {head.planned_runs}{failed}"
    return Row(
        (
            Cell(stored.id),
            Cell(stored.created_at[:16].replace("T", " "), stored.created_at),
            Cell(head.scenario, tip=head.title),
            Cell(stored.worst_verdict or "none", kind=stored.worst_verdict),
            Cell(runs, stored.stored_runs, right=True),
            Cell(", ".join(head.contenders), tip="\n".join(head.contenders)),
            Cell(", ".join(stored.tags)),
            Cell(notes, tip="\n".join(note.line for note in stored.notes)),
        ),
        key=stored.id,
    )


def stored_run_rows(comparison: str, records: Sequence[RunRecord]) -> list[Row]:
    """Return a row a run of a comparison; its key is what finds it again."""
    rows = []
    for record in records:
        result = record.result
        verdict = str(result.verdict) if result else "failed"
        ended = result.ended_ns / 1e9 if result else 0.0
        rows.append(
            Row(
                (
                    Cell(record.contender),
                    Cell(str(record.seed), record.seed, right=True),
                    Cell(verdict, kind=verdict if result else "fault"),
                    Cell(f"{ended:.3f}" if result else "-", ended, right=True),
                    Cell(
                        result.ended if result else record.error.splitlines()[0], tip=record.error
                    ),
                ),
                key=(comparison, record.contender, record.seed),
            )
        )
    return rows
