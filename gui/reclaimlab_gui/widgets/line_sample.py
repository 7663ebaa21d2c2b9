"""A piece of a curve's line, as a legend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QPaintEvent


class LineSample(QWidget):
    """Colour and dashes of a contender, or of a measured and a simulated curve."""

    def __init__(self, colour: QColor, dash: Qt.PenStyle) -> None:
        super().__init__()
        self.set_line(colour, dash)
        self.setFixedSize(self.fontMetrics().height() * 2, self.fontMetrics().height())

    def set_line(self, colour: QColor, dash: Qt.PenStyle) -> None:
        """Show another line."""
        self._pen = QPen(colour, 3, dash)
        self.setAccessibleName(f"line: {dash.name}")
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the line."""
        painter = QPainter(self)
        painter.setPen(self._pen)
        middle = self.height() // 2
        painter.drawLine(0, middle, self.width(), middle)
        painter.end()
