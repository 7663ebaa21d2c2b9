"""A heat map on screen: each verdict a field of its colour with its word on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPalette, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from reclaimlab_gui.models.table import KEY_ROLE, KIND_ROLE
from reclaimlab_gui.theme import VERDICT_COLOURS

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent

    from reclaimlab_gui.models.heat_map import HeatModel

Index = QModelIndex | QPersistentModelIndex


class _SpotDelegate(QStyledItemDelegate):
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        text, box = str(index.data() or ""), option.rect.adjusted(1, 1, -1, -1)
        kind = str(index.data(KIND_ROLE) or "")
        back, front = VERDICT_COLOURS.get(kind, VERDICT_COLOURS[""])
        painter.save()
        if text:
            painter.fillRect(box, QColor(back))
        else:
            text, front = "-", option.palette.color(QPalette.ColorRole.PlaceholderText).name()
        painter.setPen(QColor(front))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(QPen(option.palette.color(QPalette.ColorRole.Text), 3))
            painter.drawRect(box.adjusted(1, 1, -2, -2))
        painter.restore()


class HeatView(QTableView):
    """Shows a :class:`HeatModel`.

    Signals:
        spot_chosen: a click or Enter on a spot that opens something: its key.
        spot_told: a click or Enter on any spot: all that is known of it.
    """

    spot_chosen = Signal(str)
    spot_told = Signal(str)

    def __init__(self, name: str, model: HeatModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setModel(model)
        self.setItemDelegate(_SpotDelegate(self))
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.horizontalHeader().setHighlightSections(False)
        self.verticalHeader().setHighlightSections(False)
        self.verticalHeader().setDefaultAlignment(
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        )
        self.clicked.connect(self._on_chosen)
        model.modelReset.connect(self.fit)

    def fit(self) -> None:
        """Make each field as wide as its word and as high as a finger."""
        metrics = self.fontMetrics()
        self.verticalHeader().setDefaultSectionSize(metrics.height() * 2)
        self.resizeColumnsToContents()
        least = metrics.horizontalAdvance("premature-oom 10/10") + 12
        for column in range(self.model().columnCount()):
            self.setColumnWidth(column, max(self.columnWidth(column) + 8, least))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Choose by Enter."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._on_chosen(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def _on_chosen(self, index: QModelIndex) -> None:
        if not index.isValid():
            return
        tip = str(index.data(Qt.ItemDataRole.ToolTipRole))
        self.spot_told.emit("; ".join(tip.splitlines()))
        if key := index.data(KEY_ROLE):
            self.spot_chosen.emit(key)
