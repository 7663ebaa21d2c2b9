"""History: every comparison of the store and its runs; search, tags, notes, delete with undo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QInputDialog,
    QLineEdit,
    QPushButton,
    QSplitter,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from reclaimlab_gui.models.history_rows import (
    HISTORY_HEADER,
    STORED_RUN_HEADER,
    history_rows,
    stored_run_rows,
)
from reclaimlab_gui.models.table import Table
from reclaimlab_gui.session import RunKey
from reclaimlab_gui.views.view import View
from reclaimlab_gui.widgets.empty_state import EmptyState
from reclaimlab_gui.widgets.table_view import TableView

if TYPE_CHECKING:
    from reclaimlab.store.reader import StoreReader
    from reclaimlab.store.records import ComparisonHead, RunRecord
    from reclaimlab.store.writer import StoreWriter
    from reclaimlab_gui.session import Session

Deleted = tuple["ComparisonHead", "tuple[RunRecord, ...]", "tuple[str, ...]", "tuple[str, ...]"]


class HistoryView(View):
    """What is stored; follows a store that somebody else is writing to."""

    title = "History"
    about = "every comparison and run of the store"

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._deleted: list[Deleted] = []
        self._kept: tuple[RunKey, ...] = ()
        self._comparisons = Table(HISTORY_HEADER)
        self._runs = Table(STORED_RUN_HEADER)
        self.table = TableView("Comparisons", self._comparisons)
        self.runs = TableView("Runs", self._runs)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search: scenario, contender, verdict, tag or note")
        self.search.setAccessibleName("Search comparisons")
        self.search.setClearButtonEnabled(True)
        self.undo_button = QPushButton("Undo delete")
        self._build()
        self._connect()
        self.refresh()

    def refresh(self) -> None:
        """Read the store again; what is selected stays selected."""
        chosen = self.chosen()
        found = self.session.read(lambda reader: reader.comparisons()) or ()
        self._comparisons.fill(history_rows(found))
        self._pages.setCurrentIndex(1 if found else 0)
        if not chosen or not self.table.select_key(chosen):
            self._show_runs(None)
            if self.table.order.rowCount():
                self.table.selectRow(0)
        self.table.fit_columns(30)

    def chosen(self) -> str:
        """Return the id of the comparison that is selected; empty if none is."""
        keys = self.table.selected_keys()
        return str(keys[0]) if keys else ""

    def comparison_id(self) -> str:
        """Return the comparison that is selected."""
        return self.chosen()

    def tag(self, text: str) -> None:
        """Tag the selected comparison; a tag it has is taken off."""
        comparison = self.chosen()
        row = next((each for each in self._comparisons.rows if each.key == comparison), None)
        if row is None or not text:
            return
        has = text in row.cells[6].text.split(", ")
        self.session.write(
            lambda writer: (writer.remove_tag if has else writer.add_tag)(comparison, text)
        )

    def note(self, text: str) -> None:
        """Add a note to the selected comparison."""
        comparison = self.chosen()
        if comparison and text:
            self.session.write(lambda writer: writer.add_note(comparison, text))

    def delete(self) -> None:
        """Delete the selected comparison; Undo brings it back as long as the window is open."""
        comparison = self.chosen()
        if not comparison:
            return

        def read(reader: StoreReader) -> Deleted:
            stored = reader.comparison(comparison)
            runs = reader.runs(comparison, series=True)
            return stored.head, runs, stored.tags, tuple(note.text for note in stored.notes)

        kept = self.session.read(read)
        if kept is not None and self.session.write(lambda writer: writer.delete(comparison)):
            self._deleted.append(kept)
            self.undo_button.setEnabled(True)
            self.session.noted.emit(f"Comparison {comparison} is deleted; Undo brings it back.")

    def undo(self) -> None:
        """Bring back what was deleted last, with its runs, tags and notes."""
        if not self._deleted:
            return
        head, runs, tags, notes = self._deleted[-1]

        def restore(writer: StoreWriter) -> None:
            comparison = writer.begin_comparison(head)
            for number, record in enumerate(runs):
                writer.add_run(comparison, number, record)
            for tag in tags:
                writer.add_tag(comparison, tag)
            for note in notes:
                writer.add_note(comparison, note)

        if self.session.write(restore):
            self._deleted.pop()
            self.undo_button.setEnabled(bool(self._deleted))

    def compare_runs(self) -> None:
        """Show the selected runs side by side, with runs kept from other comparisons."""
        keys = tuple(RunKey(*key) for key in self.runs.selected_keys())
        if len(keys) >= 1:
            self._kept = tuple(dict.fromkeys((*self._kept, *keys)))[-4:]
        if len(self._kept) < 2:
            self.session.noted.emit("One run is kept; choose another, of any comparison.")
            return
        kept, self._kept = self._kept, ()
        self.session.runs_requested.emit(kept)

    # ---- slots ----------------------------------------------------------------------------------

    def _open(self, comparison: object) -> None:
        self.session.compare_requested.emit(str(comparison))

    def _open_chosen(self) -> None:
        if self.chosen():
            self._open(self.chosen())

    def _explain(self, key: object) -> None:
        if isinstance(key, tuple):
            self.session.why_requested.emit((RunKey(*key),))

    def _show_runs(self, comparison: object) -> None:
        if not isinstance(comparison, str):
            self._runs.fill([])
            return
        records = self.session.read(lambda reader: reader.runs(comparison)) or ()
        self._runs.fill(stored_run_rows(comparison, records))
        self.runs.fit_columns()

    def _ask_tag(self) -> None:
        text, given = QInputDialog.getText(self, "Tag", "Tag to put on, or to take off:")
        if given:
            self.tag(text.strip())

    def _ask_note(self) -> None:
        text, given = QInputDialog.getMultiLineText(self, "Note", "A remark on this comparison:")
        if given:
            self.note(text.strip())

    # ---- building -------------------------------------------------------------------------------

    def _build(self) -> None:
        empty = EmptyState(
            "No comparison is stored yet",
            "Run one in Set up, or drop a store (.sqlite) on the window to look at it.",
            "Set up a comparison",
        )
        empty.wanted.connect(lambda: self.session.setup_requested.emit("xfs-softlimit-hang"))
        page = QWidget()
        self._pages = QStackedLayout(self)
        self._pages.addWidget(empty)
        self._pages.addWidget(page)
        top = QHBoxLayout()
        top.addWidget(self.search, 1)
        for button, slot in (
            (QPushButton("Open"), self._open_chosen),
            (QPushButton("Tag..."), self._ask_tag),
            (QPushButton("Note..."), self._ask_note),
            (QPushButton("Delete"), self.delete),
            (self.undo_button, self.undo),
        ):
            button.clicked.connect(slot)
            top.addWidget(button)
        self.undo_button.setEnabled(False)
        self.runs.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        beside = QPushButton("Compare runs")
        beside.setToolTip("The selected runs side by side; one run is kept until there is another")
        beside.clicked.connect(self.compare_runs)
        lower = QWidget()
        column = QVBoxLayout(lower)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.runs)
        column.addWidget(beside, 0, Qt.AlignmentFlag.AlignLeft)
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.addWidget(self.table)
        splitter.addWidget(lower)
        splitter.setSizes([420, 280])
        layout = QVBoxLayout(page)
        layout.addLayout(top)
        layout.addWidget(splitter, 1)

    def _connect(self) -> None:
        self.search.textChanged.connect(self.table.order.set_words)
        self.table.row_chosen.connect(self._open)
        self.table.row_selected.connect(self._show_runs)
        self.runs.row_chosen.connect(self._explain)
        self.session.store_changed.connect(self.refresh)
        for key, slot in (
            (QKeySequence.StandardKey.Delete, self.delete),
            (QKeySequence.StandardKey.Undo, self.undo),
        ):
            shortcut = QShortcut(QKeySequence(key), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(slot)
