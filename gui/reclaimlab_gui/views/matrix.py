"""Matrix: scenarios and contenders as a heat map of verdicts; a click opens the runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLineEdit, QStackedLayout, QVBoxLayout, QWidget

from reclaimlab_gui.models.matrix_rows import matrix_rows
from reclaimlab_gui.models.table import KEY_ROLE, Table
from reclaimlab_gui.views.view import View
from reclaimlab_gui.widgets.empty_state import EmptyState
from reclaimlab_gui.widgets.table_view import TableView

if TYPE_CHECKING:
    from PySide6.QtCore import QModelIndex

    from reclaimlab_gui.session import Session


class MatrixView(View):
    """The verdicts of everything that is stored."""

    title = "Matrix"
    about = "scenarios and contenders as a heat map of verdicts"

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._cells = Table(("scenario",))
        self.table = TableView("Verdicts of scenarios and contenders", self._cells)
        self._search = QLineEdit()
        self._search.setPlaceholderText("Search scenarios")
        self._search.setAccessibleName("Search scenarios")
        self._pages = QStackedLayout(self)
        self._pages.addWidget(
            EmptyState(
                "No verdicts yet", "Run some comparisons in Set up: each adds its cells here."
            )
        )
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.addWidget(self._search)
        layout.addWidget(self.table, 1)
        self._pages.addWidget(page)
        self._search.textChanged.connect(self.table.order.set_words)
        self.table.clicked.connect(self._on_clicked)
        self.table.activated.connect(self._on_clicked)
        session.store_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Read the verdicts again."""
        found = self.session.read(lambda reader: reader.verdict_cells()) or ()
        header, rows = matrix_rows(found)
        self._cells.fill(rows, header)
        self.table.fit_columns(26)
        self._pages.setCurrentIndex(1 if rows else 0)

    def _on_clicked(self, index: QModelIndex) -> None:
        key = index.siblingAtColumn(0).data(KEY_ROLE)
        cell = key[index.column() - 1] if isinstance(key, tuple) and index.column() else None
        if cell is not None:
            self.session.compare_requested.emit(cell.comparison)
