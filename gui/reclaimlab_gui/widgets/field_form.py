"""A form made from fields: a line or a choice each, what is wrong shown at the field."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QLabel,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reclaimlab_gui.models.form_fields import Field


class FieldForm(QScrollArea):
    """Edits values as people write them.

    Signals:
        changed: a value is another.
    """

    changed = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._fields: dict[str, Field] = {}
        self._editors: dict[str, QLineEdit | QComboBox] = {}
        self._faults: dict[str, QLabel] = {}

    def show_fields(self, fields: Sequence[Field]) -> None:
        """Show other fields with their values."""
        # Kept where only values differ: Qt never gives back all of a choice that a style has drawn.
        if _blank(fields) != _blank(self._fields.values()):
            self._build(fields)
        self._fields = {each.name: each for each in fields}
        with QSignalBlocker(self):
            for each in fields:
                self.set_value(each.name, each.value)
        self.show_faults({})

    def _build(self, fields: Sequence[Field]) -> None:
        self._editors.clear()
        self._faults.clear()
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(8, 4, 8, 8)
        group = ""
        for each in fields:
            if each.group != group:
                group = each.group
                title = QLabel(group)
                title.setProperty("heading", True)
                column.addWidget(title)
            self._add(column, each)
        column.addStretch(1)
        if (old := self.takeWidget()) is not None:
            old.deleteLater()  # setWidget would delete it at once, and somebody may type in it
        self.setWidget(body)

    def changed_values(self) -> dict[str, str]:
        """Return the values that are not the first ones, by field."""
        return {
            name: text
            for name, field in self._fields.items()
            if (text := self.value(name)) != field.value
        }

    def values(self) -> dict[str, str]:
        """Return every value, by field."""
        return {name: self.value(name) for name in self._fields}

    def value(self, name: str) -> str:
        """Return what stands in a field."""
        editor = self._editors[name]
        return editor.currentText() if isinstance(editor, QComboBox) else editor.text().strip()

    def set_value(self, name: str, text: str) -> None:
        """Write into a field, as a person would."""
        editor = self._editors[name]
        if isinstance(editor, QComboBox):
            editor.setCurrentText(text)
        else:
            editor.setText(text)

    def fault_at(self, name: str) -> str:
        """Return what is said to be wrong with a field; empty if nothing is."""
        return self._faults[name].text()

    def show_faults(self, faults: Mapping[str, str]) -> None:
        """Say at each field what is wrong there; nothing at the others."""
        for name, label in self._faults.items():
            label.setText(faults.get(name, ""))
            label.setVisible(name in faults)
            self._editors[name].setAccessibleDescription(
                faults.get(name, "") or self._fields[name].doc
            )

    def _add(self, column: QVBoxLayout, field: Field) -> None:
        editor: QLineEdit | QComboBox
        if field.choices:
            editor = QComboBox()
            editor.addItems(field.choices)
            editor.setCurrentText(field.value)
            editor.currentTextChanged.connect(self.changed)
            editor.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        else:
            editor = QLineEdit(field.value)
            editor.textChanged.connect(self.changed)
        editor.setAccessibleName(field.name)
        editor.setAccessibleDescription(field.doc)
        editor.setToolTip(field.doc)
        shown = field.name.removeprefix(field.group).lstrip(".: ")
        label = QLabel(f"{shown} - {field.doc}")
        label.setWordWrap(True)
        label.setBuddy(editor)
        fault = QLabel()
        fault.setWordWrap(True)
        fault.setProperty("fault", True)
        fault.hide()
        for widget in (label, editor, fault):
            widget.setMinimumWidth(10)
            column.addWidget(widget)
        self._editors[field.name] = editor
        self._faults[field.name] = fault


def _blank(fields: Iterable[Field]) -> list[Field]:
    return [replace(each, value="") for each in fields]
