"""Ctrl+Shift+P: every command, found by typing some letters of it in their order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QAction, QKeyEvent


class CommandPalette(QDialog):
    """A line to type in and the commands that fit; Enter does the first."""

    def __init__(self, commands: Sequence[QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Commands")
        self._commands = tuple(commands)
        self.line = QLineEdit()
        self.line.setPlaceholderText("Type some letters of a command")
        self.line.setAccessibleName("Command")
        self.list = QListWidget()
        self.list.setAccessibleName("Commands that fit")
        layout = QVBoxLayout(self)
        layout.addWidget(self.line)
        layout.addWidget(self.list)
        em = self.fontMetrics().height()
        self.resize(em * 32, em * 22)
        self.line.textChanged.connect(self._show)
        self.line.returnPressed.connect(self._do)
        self.list.itemActivated.connect(self._do)
        self._show("")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk the list while the line has the focus."""
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            step = 1 if event.key() == Qt.Key.Key_Down else -1
            row = self.list.currentRow() + step
            self.list.setCurrentRow(min(max(row, 0), self.list.count() - 1))
        else:
            super().keyPressEvent(event)

    def _show(self, text: str) -> None:
        self.list.clear()
        for action in self._commands:
            if action.isEnabled() and fits(text, action.text()):
                key = action.shortcut().toString()
                item = QListWidgetItem(f"{action.text()}    {key}" if key else action.text())
                item.setData(Qt.ItemDataRole.UserRole, action)
                self.list.addItem(item)
        self.list.setCurrentRow(0)

    def _do(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            self.accept()
            item.data(Qt.ItemDataRole.UserRole).trigger()


def fits(typed: str, text: str) -> bool:
    """Say whether the letters of ``typed`` stand in ``text`` in their order."""
    letters = iter(text.lower())
    return all(letter in letters for letter in typed.lower() if not letter.isspace())
