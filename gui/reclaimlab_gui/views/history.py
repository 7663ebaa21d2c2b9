"""History: every comparison of the store and its runs; search, tags, notes, delete with undo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
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
from reclaimlab_gui.models.history_rows import HISTORY_HEADER, history_rows
from reclaimlab_gui.models.table import Table
from reclaimlab_gui.session import RunKey, Step
from reclaimlab_gui.views.stored_runs import StoredRuns, add_note
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
        self._found: dict[str, StoredComparison] = {}
        self._comparisons = Table(HISTORY_HEADER)
        self.table = TableView("Comparisons", self._comparisons)
        self.detail = StoredRuns(session)
        self.runs = self.detail.runs
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
        self.undo_button = QPushButton("Undo")
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
                self.table.select_row(0)
        self.table.fit_columns(30)
        self._count()

    def _fit(self) -> None:
        self.table.fit_columns(30)
        self.detail.fit()

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
        self.detail.forget_kept()
        self.search.clear()

    def csv_rows(self) -> Sequence[Sequence[str]]:
        """Return the comparisons that are listed, a row each, with all their notes."""
        return self.table.csv_rows()

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
        """Add a note to the selected comparison; it can be undone."""
        if self.chosen() and text:
            add_note(self.session, RunKey(self.chosen(), "", 0), text)

    def delete(self) -> None:
        """Delete the selected comparison; Undo brings it back as long as the window is open."""
        comparison = self.chosen()
        taken: list[Erased] = []
        if comparison and self.session.write(lambda w: taken.append(w.take_out(comparison))):
            back = f"Comparison {comparison} is back."
            self.session.did(Step(comparison, back, lambda w: w.put_back(taken[0])))
            self.session.noted.emit(f"Comparison {comparison} is deleted; Undo brings it back.")

    # ---- slots ----------------------------------------------------------------------------------

    def _on_search(self, text: str) -> None:
        self.table.order.set_words(text)
        if not self.chosen():
            self._show_runs(None)
            self.table.select_row(0)
        self._count()

    def _open(self, comparison: object) -> None:
        self.session.compare_requested.emit(str(comparison))

    def _open_chosen(self) -> None:
        if self.chosen():
            self._open(self.chosen())

    def _show_runs(self, comparison: object) -> None:
        stored = self._found.get(comparison) if isinstance(comparison, str) else None
        self.detail.show_comparison(stored.id if stored else "", stored.notes if stored else ())

    def _on_undo_changed(self) -> None:
        self.undo_button.setEnabled(self.session.can_undo)

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
            (self.undo_button, self.session.undo),
        ):
            button.clicked.connect(slot)
            top.addWidget(button)
        self.undo_button.setEnabled(False)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(
            HISTORY_HEADER.index("contenders"), QHeaderView.ResizeMode.Stretch
        )
        header.setHighlightSections(False)
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.addWidget(self.table)
        splitter.addWidget(self.detail)
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
        self.session.undo_changed.connect(self._on_undo_changed)
        self.session.undone.connect(self.table.select_key)
        self.session.database_opened.connect(self._on_opened)
        self.session.store_changed.connect(self.refresh)
        self.session.theme_changed.connect(self._fit)
        delete = QShortcut(QKeySequence(QKeySequence.StandardKey.Delete), self.table)
        delete.setContext(Qt.ShortcutContext.WidgetShortcut)
        delete.activated.connect(self.delete)
