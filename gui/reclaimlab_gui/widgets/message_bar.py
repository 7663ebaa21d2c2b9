"""The bar above the view that says what did not work, and stays until it is read."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget


class MessageBar(QFrame):
    """Shows one message at a time; the newest wins."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("message")
        self._label = QLabel()
        self._label.setWordWrap(True)
        self._label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._action = QPushButton()
        self._close = QToolButton()
        self._close.setText("Close")
        self._close.setAccessibleName("Close this message")
        self._close.clicked.connect(self.hide)
        layout = QHBoxLayout(self)
        layout.addWidget(self._label, 1)
        layout.addWidget(self._action)
        layout.addWidget(self._close)
        self._wish: object = None
        self._action.clicked.connect(self._do)
        self.hide()

    @property
    def text(self) -> str:
        """What is shown; empty if nothing is."""
        return "" if self.isHidden() else self._label.text()

    def show_problem(self, text: str) -> None:
        """Say that something did not work."""
        self._show("problem", text)

    def show_note(self, text: str, action: str = "", wish: object = None) -> None:
        """Say something, with a button that calls ``wish`` if ``action`` names one."""
        self._show("note", text, action, wish)

    def _show(self, kind: str, text: str, action: str = "", wish: object = None) -> None:
        self.setProperty("kind", kind)
        self.style().unpolish(self)
        self.style().polish(self)
        self.setAccessibleName(f"{kind}: {text}")
        self._label.setText(text)
        self._action.setText(action)
        self._action.setVisible(bool(action))
        self._wish = wish
        self.show()

    def _do(self) -> None:
        self.hide()
        if callable(self._wish):
            self._wish()
