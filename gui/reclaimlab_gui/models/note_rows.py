"""Notes as rows: when they were written, what they are about, what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reclaimlab_gui.models.table import Cell, Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reclaimlab.store.records import Note

NOTE_HEADER: Final = ("when (UTC)", "about", "at (s)", "note")


def note_rows(notes: Sequence[Note]) -> list[Row]:
    """Return a row a note, in the order they were written; its key is the note."""
    return [_row(note) for note in notes]


def notes_of_run(notes: Sequence[Note], contender: str, seed: int) -> tuple[Note, ...]:
    """Return those that are about one run, or about all of its comparison."""
    run = contender, seed
    return tuple(note for note in notes if not note.contender or (note.contender, note.seed) == run)


def _row(note: Note) -> Row:
    about = f"{note.contender}, seed {note.seed}" if note.contender else "the comparison"
    moment = "" if note.time_ns is None else f"{note.time_ns / 1e9:.6f}"
    return Row(
        (
            Cell(note.created_at[:16].replace("T", " "), note.created_at),
            Cell(about),
            Cell(moment, note.time_ns or 0, right=True),
            Cell(note.text.splitlines()[0] if note.text else "", tip=note.text),
        ),
        key=note,
    )
