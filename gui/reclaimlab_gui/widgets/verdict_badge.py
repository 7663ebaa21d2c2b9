"""A verdict as a coloured word."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from reclaimlab_gui.theme import VERDICT_COLOURS


class VerdictBadge(QLabel):
    """The word on its colour, so that nobody needs the colour to read it."""

    def __init__(self, verdict: str = "", text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.show_verdict(verdict, text)

    def show_verdict(self, verdict: str, text: str = "") -> None:
        """Show ``verdict``, in the words ``text`` if there are some."""
        back, front = VERDICT_COLOURS.get(verdict, VERDICT_COLOURS[""])
        self.setText(text or verdict or "no verdict")
        self.setAccessibleName(f"verdict: {self.text()}")
        self.setStyleSheet(
            f"background: {back}; color: {front}; border-radius: 4px;"
            f"padding: 2px 8px; font-weight: 600;"
        )
