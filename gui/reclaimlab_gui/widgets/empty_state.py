"""What stands where there is nothing yet: what to do, and a button that does it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget


class EmptyState(QWidget):
    """A title, a sentence, and a button if there is something to press.

    Signals:
        wanted: the button was pressed.
    """

    wanted = Signal()

    def __init__(
        self, title: str, text: str, action: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        heading = QLabel(title)
        heading.setProperty("heading", True)
        self._text = QLabel(text)
        self._text.setWordWrap(True)
        self._text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._text.setProperty("faint", True)
        layout = QVBoxLayout(self)
        layout.addStretch(2)
        layout.addWidget(heading, alignment=Qt.AlignmentFlag.AlignCenter)
        layout.addWidget(self._text)
        if action:
            button = QPushButton(action)
            button.clicked.connect(self.wanted)
            layout.addWidget(button, alignment=Qt.AlignmentFlag.AlignCenter)
        layout.addStretch(3)

    def set_text(self, text: str) -> None:
        """Say something else."""
        self._text.setText(text)
