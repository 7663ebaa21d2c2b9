"""A table as people expect it: sorted by a click, copied by Ctrl+C, verdicts in colour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QGuiApplication, QKeySequence, QPainter, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from reclaimlab_gui.models.table import KEY_ROLE, KIND_ROLE, SHARE_ROLE, Order, Table
from reclaimlab_gui.theme import DARK, LIGHT, VERDICT_COLOURS

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent

Index = QModelIndex | QPersistentModelIndex


_MEASURED_ROWS = 30
"""Rows in sight that say how wide a column is; to ask all of a large store takes seconds."""


class _CellDelegate(QStyledItemDelegate):
    """Paints verdicts as badges, judgements in their colours and shares as bars."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        super().initStyleOption(option, index)
        kind = str(index.data(KIND_ROLE) or "")
        dark = option.palette.color(QPalette.ColorRole.Base).lightness() < 128
        theme = DARK if dark else LIGHT
        colour = {"better": theme.better, "worse": theme.worse, "fault": theme.worse}.get(kind)
        if colour:
            option.palette.setColor(QPalette.ColorRole.Text, QColor(colour))
        if kind == "differs":
            option.font.setBold(True)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        kind = str(index.data(KIND_ROLE) or "")
        if kind in VERDICT_COLOURS and kind:
            self._badge(painter, option, index, kind)
            return
        share = index.data(SHARE_ROLE)
        if share is not None:
            self._bar(painter, option, float(share))
        super().paint(painter, option, index)

    def _badge(
        self, painter: QPainter, option: QStyleOptionViewItem, index: Index, kind: str
    ) -> None:
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, option.palette.highlight())
        back, front = VERDICT_COLOURS[kind]
        text = str(index.data())
        metrics = option.fontMetrics
        width = min(metrics.horizontalAdvance(text) + 14, option.rect.width() - 4)
        height = min(metrics.height() + 2, option.rect.height() - 2)
        box = QRect(0, 0, width, height)
        box.moveCenter(option.rect.center())
        box.moveLeft(option.rect.left() + 3)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(back))
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(QColor(front))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
        painter.restore()

    @staticmethod
    def _bar(painter: QPainter, option: QStyleOptionViewItem, share: float) -> None:
        colour = QColor(option.palette.color(QPalette.ColorRole.Highlight))
        colour.setAlpha(70)
        box = option.rect.adjusted(1, 2, -1, -2)
        box.setWidth(int(box.width() * share))
        painter.fillRect(box, colour)


class TableView(QTableView):
    """Shows a :class:`Table` through an :class:`Order`.

    Signals:
        row_chosen: the key of the row that Enter or a double click was given to.
        row_selected: the key of the row that is selected now; None if none is.
    """

    _most_ems = 0
    row_chosen = Signal(object)
    row_selected = Signal(object)

    def __init__(self, name: str, table: Table, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.order = Order(table, self)
        self.setModel(self.order)
        self.setItemDelegate(_CellDelegate(self))
        self.setSortingEnabled(True)
        self.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        header = self.horizontalHeader()
        header.setStretchLastSection(True)
        header.setResizeContentsPrecision(_MEASURED_ROWS)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.doubleClicked.connect(self._on_chosen)
        self.selectionModel().selectionChanged.connect(self._on_selected)
        self._fit_height()

    def selected_keys(self) -> list[Any]:
        """Return the keys of the selected rows, from the top."""
        rows = sorted(index.row() for index in self.selectionModel().selectedRows())
        return [self.order.index(row, 0).data(KEY_ROLE) for row in rows]

    def select_key(self, key: object) -> bool:
        """Select the row about ``key``; False if there is none."""
        for row in range(self.order.rowCount()):
            if self.order.index(row, 0).data(KEY_ROLE) == key:
                self.select_row(row)
                return True
        return False

    def select_row(self, row: int) -> None:
        """Select a row and no other, also while Ctrl is held: Qt's own would toggle it then."""
        index, flags = self.order.index(row, 0), QItemSelectionModel.SelectionFlag
        self.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)

    def fit_columns(self, most_ems: int = 34) -> None:
        """Make each column as wide as what it holds, up to so many letters; again with others."""
        self._most_ems = most_ems
        self._fit_height()
        self.resizeColumnsToContents()
        most = self.fontMetrics().averageCharWidth() * most_ems
        for column in range(self.order.columnCount()):
            self.setColumnWidth(column, min(self.columnWidth(column) + 12, most))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy by Ctrl+C, choose by Enter."""
        if event.matches(QKeySequence.StandardKey.Copy):
            QGuiApplication.clipboard().setText(self._as_text())
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._on_chosen(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Fit larger or smaller letters."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange and self._most_ems:
            self.fit_columns(self._most_ems)

    def _fit_height(self) -> None:
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 8)

    def csv_rows(self) -> list[list[str]]:
        """Return the header and every row that is shown, as they are ordered."""
        columns = range(self.order.columnCount())
        across = Qt.Orientation.Horizontal
        header = [str(self.order.headerData(column, across)) for column in columns]
        rows = [
            [str(self.order.index(row, column).data()) for column in columns]
            for row in range(self.order.rowCount())
        ]
        return [header, *rows]

    def _as_text(self) -> str:
        rows = sorted({index.row() for index in self.selectedIndexes()})
        columns = range(self.order.columnCount())
        lines = [
            "\t".join(str(self.order.index(row, column).data()) for column in columns)
            for row in rows
        ]
        return "\n".join(lines)

    def _on_chosen(self, index: QModelIndex) -> None:
        if index.isValid():
            self.row_chosen.emit(index.siblingAtColumn(0).data(KEY_ROLE))

    def _on_selected(self) -> None:
        keys = self.selected_keys()
        self.row_selected.emit(keys[0] if keys else None)
