"""History: every comparison of the store and its runs; search, tags, notes, delete with undo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QInputDialog,
    QLabel,
    QLineEdit,
    QPushButton,
    QSplitter,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from reclaimlab.measure.records import Verdict
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
    from collections.abc import Sequence

    from reclaimlab.store.erased import Erased
    from reclaimlab.store.records import StoredComparison
    from reclaimlab_gui.session import Session

_ANY_VERDICT: Final = "any verdict"
_ANY_TAG: Final = "any tag"


class HistoryView(View):
    """What is stored; follows a store that somebody else is writing to."""

    title = "History"
    about = "every comparison and run of the store"

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._deleted: list[Erased] = []
        self._found: dict[str, StoredComparison] = {}
        self._kept: tuple[RunKey, ...] = ()
        self._comparisons = Table(HISTORY_HEADER)
        self._runs = Table(STORED_RUN_HEADER)
        self.table = TableView("Comparisons", self._comparisons)
        self.runs = TableView("Runs", self._runs)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search: scenario, contender, verdict, tag or note")
        self.search.setAccessibleName("Search comparisons")
        self.search.setClearButtonEnabled(True)
        self.verdicts = QComboBox()
        self.verdicts.setAccessibleName("Only with this worst verdict")
        self._offer(self.verdicts, _ANY_VERDICT, [str(each) for each in Verdict])
        self.tags = QComboBox()
        self.tags.setAccessibleName("Only with this tag")
        self._offer(self.tags, _ANY_TAG, ())
        self.count = QLabel()
        self.count.setProperty("faint", True)
        self.undo_button = QPushButton("Undo delete")
        self._build()
        self._connect()
        self.refresh()

    def refresh(self) -> None:
        """Read the store again; what is selected stays selected."""
        if self.session.database.exists():
            found = self.session.read(lambda reader: reader.comparisons())
            if found is None:  # told already; what was read before is better than nothing
                return
        else:
            found = ()
        self._found = {each.id: each for each in found}
        self._offer(self.tags, _ANY_TAG, sorted({tag for each in found for tag in each.tags}))
        self._show_rows()

    def _show_rows(self) -> None:
        chosen = self.chosen()
        verdict, tag = self.verdicts.currentData(), self.tags.currentData()
        shown = [
            each
            for each in self._found.values()
            if verdict in ("", each.worst_verdict) and (not tag or tag in each.tags)
        ]
        self._comparisons.fill(history_rows(shown))
        self._pages.setCurrentIndex(1 if self._found else 0)
        if not chosen or not self.table.select_key(chosen):
            self._show_runs(None)
            if self.table.order.rowCount():
                self.table.selectRow(0)
        self._fit()
        self._count()

    def _fit(self) -> None:
        self.table.fit_columns(30)
        self.runs.fit_columns(60)

    def _count(self) -> None:
        shown, stored = self.table.order.rowCount(), len(self._found)
        among = f"{stored}" if shown == stored else f"{shown} of {stored}"
        self.count.setText(f"comparisons: {among}")

    @staticmethod
    def _offer(box: QComboBox, anything: str, words: Sequence[str]) -> None:
        chosen = box.currentData()
        with QSignalBlocker(box):
            box.clear()
            box.addItem(anything, "")
            for word in words:
                box.addItem(word, word)
            box.setCurrentIndex(max(box.findData(chosen), 0))

    def _on_opened(self) -> None:
        # What was deleted belongs to another store.
        self._deleted.clear()
        self._kept = ()
        self.undo_button.setEnabled(False)
        self.search.clear()

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
        stored = self._found.get(comparison)
        if stored is None or not text:
            return
        has = text in stored.tags
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
        taken: list[Erased] = []
        if self.session.write(lambda writer: taken.append(writer.take_out(comparison))):
            self._deleted += taken
            self.undo_button.setEnabled(True)
            self.session.noted.emit(f"Comparison {comparison} is deleted; Undo brings it back.")

    def undo(self) -> None:
        """Bring back what was deleted last, as it was: id, time, runs, tags and notes."""
        if self._deleted and self.session.write(lambda writer: writer.put_back(self._deleted[-1])):
            back = self._deleted.pop().comparison
            self.undo_button.setEnabled(bool(self._deleted))
            self.table.select_key(back)
            self.session.noted.emit(f"Comparison {back} is back.")

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

    def _on_search(self, text: str) -> None:
        self.table.order.set_words(text)
        self._count()

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
        self.runs.fit_columns(60)

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
        for widget in (self.verdicts, self.tags, self.count):
            top.addWidget(widget)
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
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(
            HISTORY_HEADER.index("contenders"), QHeaderView.ResizeMode.Stretch
        )
        for table in (self.table, self.runs):
            table.horizontalHeader().setHighlightSections(False)
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
        self.search.textChanged.connect(self._on_search)
        self.verdicts.currentIndexChanged.connect(self._show_rows)
        self.tags.currentIndexChanged.connect(self._show_rows)
        self.table.row_chosen.connect(self._open)
        self.table.row_selected.connect(self._show_runs)
        self.runs.row_chosen.connect(self._explain)
        self.session.database_opened.connect(self._on_opened)
        self.session.store_changed.connect(self.refresh)
        self.session.theme_changed.connect(self._fit)
        for key, slot in (
            (QKeySequence.StandardKey.Delete, self.delete),
            (QKeySequence.StandardKey.Undo, self.undo),
        ):
            shortcut = QShortcut(QKeySequence(key), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(slot)
