"""The controls above the plots: seed, columns or overlay, difference, axes, quantities, markers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLabel, QMenu, QToolButton, QWidget

from reclaimlab_gui.models.panels import ALIGNMENTS, Arrangement
from reclaimlab_gui.models.side_by_side import MOST_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reclaimlab_gui.models.quantities import Quantity


class CompareBar(QWidget):
    """Says how the plots are to be arranged.

    Signals:
        arranged: something about the plots is to be drawn otherwise.
        link_changed: whether the time axes go together.
        seed_chosen: show the runs of this seed.
        contenders_chosen: show these contenders (a tuple), the first being the baseline.
    """

    arranged = Signal()
    link_changed = Signal(bool)
    seed_chosen = Signal(int)
    contenders_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._seed = QComboBox()
        self._seed.setAccessibleName("Seed")
        self.overlay = QCheckBox("O&verlay")
        self.difference = QCheckBox("&Difference")
        self.difference.setChecked(True)
        self.link = QCheckBox("&Link time axes")
        self.link.setChecked(True)
        self.align = QComboBox()
        self.align.setAccessibleName("Align time axes at")
        self.align.addItems(ALIGNMENTS)
        self._quantities: list[tuple[QAction, Quantity]] = []
        self._menu = QMenu(self)
        button = QToolButton()
        button.setText("Quantities")
        button.setMenu(self._menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._contenders = QMenu(self)
        self.contenders = QToolButton()
        self.contenders.setText("Contenders")
        self.contenders.setToolTip("Which two to four contenders stand side by side")
        self.contenders.setMenu(self._contenders)
        self.contenders.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._span = QLabel()
        self._span.setProperty("faint", True)
        self._span.setMinimumWidth(10)
        self._span.setWordWrap(True)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for title, widget in (
            ("Seed", self._seed),
            ("", self.contenders),
            ("", button),
            ("", self.overlay),
            ("", self.difference),
            ("", self.link),
            ("Align at", self.align),
        ):
            if title:
                layout.addWidget(QLabel(title))
            layout.addWidget(widget)
        layout.addSpacing(12)
        layout.addWidget(self._span, 1)
        self._seed.activated.connect(self._on_seed)
        self.overlay.toggled.connect(self.arranged)
        self.difference.toggled.connect(self.arranged)
        self.link.toggled.connect(self.link_changed)
        self.align.currentTextChanged.connect(self.arranged)

    @property
    def arrangement(self) -> Arrangement:
        """How the plots are to be arranged."""
        alignment = ALIGNMENTS[self.align.currentIndex()]
        return Arrangement(self.overlay.isChecked(), self.difference.isChecked(), alignment)

    @property
    def linked(self) -> bool:
        """Whether the time axes go together."""
        return self.link.isChecked()

    @property
    def chosen(self) -> tuple[Quantity, ...]:
        """The quantities to plot."""
        return tuple(quantity for action, quantity in self._quantities if action.isChecked())

    def show_seeds(self, seeds: Sequence[int], chosen: int) -> None:
        """Offer these seeds."""
        with QSignalBlocker(self._seed):
            self._seed.clear()
            self._seed.addItems([str(seed) for seed in seeds])
            self._seed.setCurrentText(str(chosen))

    def show_contenders(self, offered: Sequence[str], chosen: Sequence[str]) -> None:
        """Offer these contenders, the ``chosen`` ones checked."""
        self._contenders.clear()
        for name in offered:
            action = QAction(name.replace("&", "&&"), self._contenders)
            action.setData(name)
            action.setCheckable(True)
            action.setChecked(name in chosen)
            # A fifth column has no room, and a comparison has two.
            action.setEnabled(name in chosen or len(chosen) < MOST_COLUMNS)
            action.triggered.connect(self._on_contender)
            self._contenders.addAction(action)
        self.contenders.setVisible(len(offered) > 2)

    def choose_contenders(self, names: Sequence[str]) -> None:
        """Show the contenders called so."""
        for action in self._contenders.actions():
            action.setChecked(action.data() in names)
        self._on_contender()

    def show_quantities(self, found: Sequence[Quantity], chosen: Sequence[Quantity]) -> None:
        """Offer these quantities, the ``chosen`` ones checked."""
        before = {quantity.name for quantity in self.chosen}
        known = {quantity.name for _, quantity in self._quantities}
        self._menu.clear()
        self._quantities.clear()
        for quantity in found:
            action = QAction(f"{quantity.title} ({quantity.unit})", self._menu)
            action.setCheckable(True)
            same = {each.name for each in found} == known
            action.setChecked(quantity.name in before if same else quantity in chosen)
            action.toggled.connect(self.arranged)
            self._menu.addAction(action)
            self._quantities.append((action, quantity))

    def choose(self, names: Sequence[str]) -> None:
        """Plot the quantities called so."""
        for action, quantity in self._quantities:
            with QSignalBlocker(action):
                action.setChecked(quantity.name in names)
        self.arranged.emit()

    def show_span(self, a: float | None, b: float | None) -> None:
        """Say where the markers stand and how far apart."""
        if a is None and b is None:
            self._span.setText("Double click: A; Shift: B")
            return
        parts = [f"{name} {t:.3f} s" for name, t in (("A", a), ("B", b)) if t is not None]
        if a is not None and b is not None:
            parts.append(f"B - A {b - a:+.3f} s")
        self._span.setText("   ".join(parts))

    def _on_contender(self) -> None:
        actions = self._contenders.actions()
        self.contenders_chosen.emit(tuple(each.data() for each in actions if each.isChecked()))

    def _on_seed(self) -> None:
        self.seed_chosen.emit(int(self._seed.currentText()))
