"""The lower half of History: the runs of a comparison, and the notes on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QInputDialog,
    QPushButton,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from reclaimlab.store.records import Note
from reclaimlab_gui.models.history_rows import STORED_RUN_HEADER, stored_run_rows
from reclaimlab_gui.models.note_rows import NOTE_HEADER, note_rows
from reclaimlab_gui.models.table import Table
from reclaimlab_gui.session import RunKey, Step
from reclaimlab_gui.widgets.table_view import TableView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reclaimlab.store.writer import StoreWriter
    from reclaimlab_gui.session import Session

_MOST_KEPT = 4


class StoredRuns(QWidget):
    """Shows one comparison of the store; runs of several can be chosen to stand side by side."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self._comparison = ""
        self._kept: tuple[RunKey, ...] = ()
        self._runs = Table(STORED_RUN_HEADER)
        self._notes = Table(NOTE_HEADER)
        self.runs = TableView("Runs", self._runs)
        self.notes = TableView("Notes", self._notes)
        self.tabs = QTabWidget()
        self._build()

    def show_comparison(self, comparison: str, notes: Sequence[Note] = ()) -> None:
        """Show another comparison, or the same as it is by now; empty: none."""
        records = self.session.read(lambda reader: reader.runs(comparison)) if comparison else ()
        chosen = self.runs.selected_keys() if comparison == self._comparison else []
        self._comparison = comparison
        self._runs.fill(stored_run_rows(comparison, records or ()))
        self._notes.fill(note_rows(notes))
        self.tabs.setTabText(1, f"Notes ({len(notes)})" if notes else "Notes")
        if chosen:
            self.runs.select_key(chosen[0])
        self.fit()

    def fit(self) -> None:
        """Make the columns as wide as what they hold."""
        self.runs.fit_columns(60)
        self.notes.fit_columns(60)

    def forget_kept(self) -> None:
        """Forget the runs that wait for others to be compared with: they are of another store."""
        self._kept = ()

    def compare_runs(self) -> None:
        """Show the selected runs side by side, with runs kept from other comparisons."""
        keys = tuple(RunKey(*key) for key in self.runs.selected_keys())
        if keys:
            self._kept = tuple(dict.fromkeys((*self._kept, *keys)))[-_MOST_KEPT:]
        if len(self._kept) < 2:
            said = "One run is kept; choose another, of any comparison, and press it again."
            self.session.noted.emit(said if self._kept else "Select a run first.")
            return
        kept, self._kept = self._kept, ()
        self.session.runs_requested.emit(kept)

    def explain_runs(self) -> None:
        """Explain the selected run, or two of them at the same simulated time."""
        keys = tuple(RunKey(*key) for key in self.runs.selected_keys()[:2])
        if keys:
            self.session.why_requested.emit(keys)
        else:
            self.session.noted.emit("Select a run first, or two.")

    def note_on_run(self, text: str) -> None:
        """Add a note to the selected run."""
        keys = self.runs.selected_keys()
        if keys and text:
            add_note(self.session, RunKey(*keys[0]), text)

    def delete_note(self) -> None:
        """Delete the selected note; Undo brings it back."""
        chosen = self.notes.selected_keys()
        if chosen and isinstance(chosen[0], Note):
            delete_note(self.session, self._comparison, chosen[0])

    # ---- slots ----------------------------------------------------------------------------------

    def _explain(self, key: object) -> None:
        if isinstance(key, tuple):
            self.session.why_requested.emit((RunKey(*key),))

    def _open_note(self, note: object) -> None:
        if isinstance(note, Note) and note.contender and note.seed is not None:
            key = RunKey(self._comparison, note.contender, note.seed)
            self.session.moment_requested.emit(key, note.time_ns)

    def _ask_note(self) -> None:
        if not self.runs.selected_keys():
            self.session.noted.emit("Select a run first.")
            return
        text, given = QInputDialog.getMultiLineText(self, "Note", "A remark on this run:")
        if given:
            self.note_on_run(text.strip())

    # ---- building -------------------------------------------------------------------------------

    def _build(self) -> None:
        self.runs.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.runs.row_chosen.connect(self._explain)
        self.notes.row_chosen.connect(self._open_note)
        for table in (self.runs, self.notes):
            table.horizontalHeader().setHighlightSections(False)
        delete = QShortcut(QKeySequence(QKeySequence.StandardKey.Delete), self.notes)
        delete.setContext(Qt.ShortcutContext.WidgetShortcut)
        delete.activated.connect(self.delete_note)
        beside = QPushButton("Compare runs")
        beside.setToolTip("The selected runs side by side; one run is kept until there is another")
        why = QPushButton("Why")
        why.setToolTip("Explain the selected run, or two beside each other")
        buttons: tuple[tuple[QPushButton, Any], ...] = (
            (beside, self.compare_runs),
            (why, self.explain_runs),
            (QPushButton("Note on run..."), self._ask_note),
            (QPushButton("Delete note"), self.delete_note),
        )
        row = QHBoxLayout()
        for button, slot in buttons:
            button.clicked.connect(slot)
            row.addWidget(button)
        row.addStretch(1)
        self.tabs.addTab(self.runs, "Runs")
        self.tabs.addTab(self.notes, "Notes")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.tabs, 1)
        layout.addLayout(row)


def add_note(session: Session, key: RunKey, text: str, time_ns: int | None = None) -> None:
    """Add a note to a run, or to a moment of it; it can be undone.

    A key without a contender stands for the comparison as a whole.
    """
    added: list[Note] = []
    who, seed = key.contender, key.seed if key.contender else None

    def add(writer: StoreWriter) -> None:
        note = writer.add_note(key.comparison, text, contender=who, seed=seed, time_ns=time_ns)
        added.append(note)

    def undo(writer: StoreWriter) -> None:
        writer.take_note(key.comparison, added[0], missing_ok=True)

    if session.write(add):
        session.did(Step(key.comparison, "The note is gone again.", undo))


def delete_note(session: Session, comparison: str, note: Note) -> None:
    """Delete a note; it can be undone."""
    if session.write(lambda writer: writer.take_note(comparison, note)):
        undo = Step(comparison, "The note is back.", lambda w: w.put_note(comparison, note))
        session.did(undo)
        session.noted.emit("The note is deleted; Undo brings it back.")
