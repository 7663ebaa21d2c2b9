"""Contenders composed from a kernel and fixes with their parameters, or typed as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from reclaimlab_gui.models.contender_choice import ContenderChoice, policies_of
from reclaimlab_gui.models.form_fields import contender_fault
from reclaimlab_gui.widgets.field_form import FieldForm

if TYPE_CHECKING:
    from collections.abc import Sequence


class ContenderEditor(QWidget):
    """A list of contenders; the first is the baseline; the selected one can be composed.

    Signals:
        changed: the contenders are others.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._list = QListWidget()
        self._list.setAccessibleName("Contenders; the first is the baseline")
        self._list.setToolTip("The first is the baseline")
        self.text = QLineEdit()
        self.text.setAccessibleName("Contender as text")
        self.text.setPlaceholderText("KERNEL+FIX(param=value)")
        self._fault = QLabel()
        self._fault.setWordWrap(True)
        self._fault.setProperty("fault", True)
        self._fault.hide()
        self._kernel = QComboBox()
        self._kernel.setAccessibleName("Kernel")
        self._fixes = QListWidget()
        self._fixes.setAccessibleName("Fixes over the kernel")
        self.form = FieldForm("Parameters of the policies")
        self._choice = ContenderChoice("")  # what the form has fields for
        self._build()
        self.refresh_policies()
        self._list.currentRowChanged.connect(self._on_selected)
        self.text.textEdited.connect(self._on_typed)
        self._kernel.currentTextChanged.connect(self._on_composed)
        self._fixes.itemChanged.connect(self._on_composed)
        self.form.changed.connect(self._on_composed)

    @property
    def contenders(self) -> tuple[str, ...]:
        """The contenders as text, the baseline first."""
        return tuple(self._list.item(row).text() for row in range(self._list.count()))

    def set_contenders(self, contenders: Sequence[str]) -> None:
        """Show other contenders, the last of them selected."""
        with QSignalBlocker(self._list):
            self._list.clear()
            self._list.addItems(list(contenders))
        self._list.setCurrentRow(self._list.count() - 1)
        self._on_selected(self._list.currentRow())
        self.changed.emit()

    def fault(self) -> str:
        """Return what is wrong with any contender; empty if nothing is."""
        found = (contender_fault(each) for each in self.contenders)
        return next(filter(None, found), "") if self.contenders else "name at least one contender"

    def tick(self, fix: str, *, chosen: bool = True) -> None:
        """Put a fix over the kernel of the selected contender, or take it away."""
        state = Qt.CheckState.Checked if chosen else Qt.CheckState.Unchecked
        for item in self._fixes.findItems(fix, Qt.MatchFlag.MatchExactly):
            item.setCheckState(state)

    def refresh_policies(self) -> None:
        """Offer the policies that may be loaded now."""
        with QSignalBlocker(self._kernel), QSignalBlocker(self._fixes):
            self._kernel.clear()
            self._kernel.addItems([name for name, _ in policies_of("kernel")])
            self._fixes.clear()
            for name, title in policies_of("fix"):
                item = QListWidgetItem(name)
                item.setToolTip(title)
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                item.setCheckState(Qt.CheckState.Unchecked)
                self._fixes.addItem(item)

    def _build(self) -> None:
        add, remove = QPushButton("Add"), QPushButton("Remove")
        first = QPushButton("Make baseline")
        add.clicked.connect(self._add)
        remove.clicked.connect(self._remove)
        first.clicked.connect(self._make_first)
        buttons = QHBoxLayout()
        for each in (add, remove, first):
            buttons.addWidget(each)
        buttons.addStretch(1)
        above, below = QWidget(), QWidget()
        top, bottom = QVBoxLayout(above), QGridLayout(below)
        top.setContentsMargins(0, 0, 0, 0)
        bottom.setContentsMargins(0, 0, 0, 0)
        top.addWidget(self._list)
        top.addLayout(buttons)
        for row, (title, widget) in enumerate(
            (("As text", self.text), ("", self._fault), ("Kernel", self._kernel))
        ):
            label = QLabel(title)
            label.setBuddy(widget)
            bottom.addWidget(label, row, 0)
            bottom.addWidget(widget, row, 1)
        bottom.addWidget(QLabel("Fixes"), 3, 0, Qt.AlignmentFlag.AlignTop)
        bottom.addWidget(self._fixes, 3, 1)
        bottom.addWidget(self.form, 4, 0, 1, 2)
        bottom.setRowStretch(3, 2)
        bottom.setRowStretch(4, 2)
        bottom.setColumnStretch(1, 1)
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(above)
        splitter.addWidget(below)
        splitter.setStretchFactor(0, 1)
        splitter.setStretchFactor(1, 3)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(splitter)

    def _add(self) -> None:
        base = self.contenders[0] if self.contenders else self._kernel.currentText()
        self.set_contenders([*self.contenders, base])
        self.text.setFocus()

    def _remove(self) -> None:
        row = self._list.currentRow()
        if row >= 0:
            self._list.takeItem(row)
            self.changed.emit()

    def _make_first(self) -> None:
        row = self._list.currentRow()
        if row > 0:
            chosen = self.contenders[row]
            others = [each for place, each in enumerate(self.contenders) if place != row]
            self.set_contenders([chosen, *others])
            self._list.setCurrentRow(0)

    def _on_selected(self, row: int) -> None:
        text = self._list.item(row).text() if row >= 0 else ""
        self.text.setText(text)
        self._show(text)

    def _on_typed(self, text: str) -> None:
        self._store(text)
        self._show(text)

    def _show(self, text: str) -> None:
        """Show ``text`` in the composer, as far as it can be read."""
        fault = contender_fault(text) if text else ""
        self._fault.setText(fault)
        self._fault.setVisible(bool(fault))
        if fault or not text:
            return
        choice = self._choice = ContenderChoice.of(text)
        with QSignalBlocker(self._kernel), QSignalBlocker(self._fixes):
            self._kernel.setCurrentText(choice.kernel)
            for row in range(self._fixes.count()):
                item = self._fixes.item(row)
                chosen = item.text() in choice.fixes
                item.setCheckState(Qt.CheckState.Checked if chosen else Qt.CheckState.Unchecked)
        self._show_form(choice)

    def _show_form(self, choice: ContenderChoice) -> None:
        self.form.show_fields(choice.fields())

    def _on_composed(self) -> None:
        if self._list.currentRow() < 0:
            return
        rows = map(self._fixes.item, range(self._fixes.count()))
        checked = [item.text() for item in rows if item.checkState() is Qt.CheckState.Checked]
        old = self._choice  # not what the text says: it may have a fault while somebody types
        fixes = [each for each in old.fixes if each in checked]
        fixes += [each for each in checked if each not in fixes]
        kernel = self._kernel.currentText()
        same = (old.kernel, old.fixes) == (kernel, tuple(fixes))
        choice = self._choice = ContenderChoice(kernel, tuple(fixes), self.form.values())
        text = choice.text()
        self.text.setText(text)
        self._store(text)
        if not same:
            self._show_form(choice)
        self.form.show_faults(choice.faults())

    def _store(self, text: str) -> None:
        row = self._list.currentRow()
        if row < 0:
            self._list.addItem(text)
            self._list.setCurrentRow(0)
        else:
            self._list.item(row).setText(text)
        fault = contender_fault(text)
        self._fault.setText(fault)
        self._fault.setVisible(bool(fault))
        self.changed.emit()
