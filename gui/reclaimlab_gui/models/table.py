"""A table of cells made once, so ``data()`` is a lookup: every table of the window is one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Index = QModelIndex | QPersistentModelIndex
ROOT: Final = QModelIndex()
_DISPLAY: Final = Qt.ItemDataRole.DisplayRole

SORT_ROLE: Final = Qt.ItemDataRole.UserRole
"""What is compared when the column is sorted."""
KIND_ROLE: Final = Qt.ItemDataRole.UserRole + 1
"""A word that delegates turn into colours: a verdict, or a judgement."""
KEY_ROLE: Final = Qt.ItemDataRole.UserRole + 2
"""What the row is about."""
DIFFERS_ROLE: Final = Qt.ItemDataRole.UserRole + 3
"""Whether something in the row differs between columns."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell as it is shown."""

    text: str
    sort: float | str | None = None
    """None: by its text."""
    tip: str = ""
    kind: str = ""
    right: bool = False
    share: float | None = None
    """From 0 to 1: draw a bar of progress."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its cells, what it is about, and whether its columns differ."""

    cells: tuple[Cell, ...]
    key: object = None
    differs: bool = False


SHARE_ROLE: Final = Qt.ItemDataRole.UserRole + 4


class Table(QAbstractTableModel):
    """Rows of cells under a header."""

    def __init__(self, header: Sequence[str] = (), parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._header = tuple(header)
        self._rows: list[Row] = []

    @property
    def rows(self) -> tuple[Row, ...]:
        """All rows, in the order they were given."""
        return tuple(self._rows)

    def fill(self, rows: Sequence[Row], header: Sequence[str] | None = None) -> None:
        """Show other rows, under another header if one is given."""
        self.beginResetModel()
        if header is not None:
            self._header = tuple(header)
        self._rows = list(rows)
        self.endResetModel()

    def append(self, rows: Sequence[Row]) -> None:
        """Add rows at the end."""
        if rows:
            self.beginInsertRows(ROOT, len(self._rows), len(self._rows) + len(rows) - 1)
            self._rows.extend(rows)
            self.endInsertRows()

    def replace(self, place: int, row: Row) -> None:
        """Show ``row`` at ``place``."""
        self._rows[place] = row
        last = len(self._header) - 1
        self.dataChanged.emit(self.index(place, 0), self.index(place, last))

    def rowCount(self, parent: Index = ROOT) -> int:
        """Return the number of rows."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = ROOT) -> int:
        """Return the number of columns."""
        return 0 if parent.isValid() else len(self._header)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return the title of a column."""
        across = orientation is Qt.Orientation.Horizontal and 0 <= section < len(self._header)
        if across and role in (_DISPLAY, Qt.ItemDataRole.ToolTipRole):
            return self._header[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what a role shows of a cell."""
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        cell = row.cells[index.column()]
        look = _LOOKS.get(role)
        return look(row, cell) if look else None


def _alignment(_row: Row, cell: Cell) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if cell.right else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


_LOOKS: Final[dict[int, Callable[[Row, Cell], Any]]] = {
    Qt.ItemDataRole.DisplayRole: lambda _, cell: cell.text,
    Qt.ItemDataRole.ToolTipRole: lambda _, cell: cell.tip or cell.text,
    Qt.ItemDataRole.AccessibleTextRole: lambda _, cell: cell.text,
    Qt.ItemDataRole.TextAlignmentRole: _alignment,
    SORT_ROLE: lambda _, cell: cell.text if cell.sort is None else cell.sort,
    KIND_ROLE: lambda _, cell: cell.kind,
    KEY_ROLE: lambda row, _: row.key,
    DIFFERS_ROLE: lambda row, _: row.differs,
    SHARE_ROLE: lambda _, cell: cell.share,
}


class Order(QSortFilterProxyModel):
    """Sorts by :data:`SORT_ROLE`; may hide rows that do not differ, or lack some words."""

    def __init__(self, source: Table, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._only_differing = False
        self._words: tuple[str, ...] = ()
        self.setSortRole(SORT_ROLE)
        self.setSourceModel(source)

    def set_only_differing(self, only: bool) -> None:
        """Show only rows whose columns differ."""
        self._only_differing = only
        self.invalidate()

    def set_words(self, text: str) -> None:
        """Show only rows in which every word of ``text`` occurs."""
        self._words = tuple(text.lower().split())
        self.invalidate()

    def filterAcceptsRow(self, source_row: int, source_parent: Index) -> bool:
        """Say whether a row is shown."""
        source = self.sourceModel()
        if self._only_differing:
            return bool(source.index(source_row, 0, source_parent).data(DIFFERS_ROLE))
        if not self._words:
            return True
        tip = Qt.ItemDataRole.ToolTipRole
        cells = (
            f"{index.data()} {index.data(tip)}"
            for column in range(source.columnCount())
            if (index := source.index(source_row, column, source_parent)).isValid()
        )
        text = " ".join(cells).lower()
        return all(word in text for word in self._words)

    def lessThan(self, source_left: Index, source_right: Index) -> bool:
        """Compare numbers as numbers, the rest as text."""
        left, right = source_left.data(SORT_ROLE), source_right.data(SORT_ROLE)
        if isinstance(left, (int, float)) and isinstance(right, (int, float)):
            return left < right
        return str(left) < str(right)
