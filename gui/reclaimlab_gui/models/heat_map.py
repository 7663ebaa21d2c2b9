"""A heat map of verdicts as a model: lines, columns, and what stands where they cross."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QAbstractTableModel, Qt

from reclaimlab_gui.models.table import KEY_ROLE, KIND_ROLE, ROOT, Index

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_ROLE: Final = Qt.ItemDataRole


@dataclass(frozen=True, slots=True)
class Spot:
    """What stands where a line and a column cross."""

    verdict: str
    text: str
    tip: str
    key: str = ""
    """What a click opens; empty: nothing."""


@dataclass(frozen=True, slots=True)
class Heat:
    """A whole heat map; spots are by line and column."""

    down: tuple[str, ...] = ()
    across: tuple[str, ...] = ()
    spots: Mapping[tuple[str, str], Spot] = field(default_factory=dict)

    def only(self, down: str, across: str) -> Heat:
        """Return the lines and the columns in whose names all these words occur."""
        return Heat(
            tuple(name for name in self.down if _has(name, down)),
            tuple(name for name in self.across if _has(name, across)),
            self.spots,
        )


class HeatModel(QAbstractTableModel):
    """Shows a :class:`Heat`."""

    _heat = Heat()

    @property
    def heat(self) -> Heat:
        """What is shown."""
        return self._heat

    def show_heat(self, heat: Heat) -> None:
        """Show another heat map; the same one again leaves the selection alone."""
        if heat != self._heat:
            self.beginResetModel()
            self._heat = heat
            self.endResetModel()

    def rowCount(self, parent: Index = ROOT) -> int:
        """Return the number of lines."""
        return 0 if parent.isValid() else len(self._heat.down)

    def columnCount(self, parent: Index = ROOT) -> int:
        """Return the number of columns."""
        return 0 if parent.isValid() else len(self._heat.across)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = _ROLE.DisplayRole
    ) -> Any:
        """Return the name of a line or a column; columns break before each fix."""
        across = orientation is Qt.Orientation.Horizontal
        names = self._heat.across if across else self._heat.down
        if not 0 <= section < len(names):
            return None
        if role == _ROLE.DisplayRole:
            return names[section].replace("+", "\n+") if across else names[section]
        return names[section] if role == _ROLE.ToolTipRole else None

    def data(self, index: Index, role: int = _ROLE.DisplayRole) -> Any:
        """Return what a role shows of a spot."""
        if not index.isValid():
            return None
        names = self._heat.down[index.row()], self._heat.across[index.column()]
        look = _LOOKS.get(role)
        return look(self._heat.spots.get(names, _NOT_RUN)) if look else None


_NOT_RUN: Final = Spot("", "", "not run")
_LOOKS: Final[dict[int, Callable[[Spot], Any]]] = {
    _ROLE.DisplayRole: lambda spot: spot.text,
    _ROLE.ToolTipRole: lambda spot: spot.tip,
    _ROLE.AccessibleTextRole: lambda spot: spot.tip,
    _ROLE.TextAlignmentRole: lambda _: Qt.AlignmentFlag.AlignCenter,
    KIND_ROLE: lambda spot: spot.verdict,
    KEY_ROLE: lambda spot: spot.key,
}


def _has(name: str, words: str) -> bool:
    return all(word in name.lower() for word in words.lower().split())
