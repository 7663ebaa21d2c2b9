"""The keys, as a table: what the menus have, and what the plots and tables take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QVBoxLayout, QWidget

from reclaimlab_gui.models.table import Cell, Row, Table
from reclaimlab_gui.widgets.table_view import TableView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QAction

IN_PLACE: Final = (
    ("W, S or wheel", "Plots: zoom in and out in time"),
    ("A, D or dragging", "Plots: earlier, later"),
    ("Home", "Plots: show the whole time"),
    ("1, 2", "Plots: put marker A, B into the middle of what is seen"),
    ("Double click", "Plots: put marker A there; with Shift marker B"),
    (", and .", "Why: previous, next event"),
    ("P", "Why: let the time run, or stop it"),
    ("C", "Why: the moment when the cycle closed"),
    ("J, K", "Why: the stack of the next, previous task"),
    ("N", "Why: write a note on this moment"),
    ("Delete", "History: delete the comparison or note; Why: the note"),
    ("Enter", "Tables: open the row"),
    ("Ctrl+C", "Tables: copy the selected rows"),
    ("Tab, Shift+Tab", "Everywhere: next, previous field"),
)


class KeysDialog(QDialog):
    """What ``?`` shows."""

    def __init__(self, commands: Sequence[QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys")
        table = Table(("key", "what it does"))
        keys = [(action.shortcut().toString(), action.text()) for action in commands]
        rows = [(key, text) for key, text in keys if key]
        table.fill([Row((Cell(key), Cell(text))) for key, text in (*rows, *IN_PLACE)])
        table.setParent(self)
        self.table = TableView("Keys", table)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.table)
        layout.addWidget(buttons)
        em = self.fontMetrics().height()
        self.resize(em * 34, em * 28)
        self.table.fit_columns(60)
