"""The head of a column: the contender with its colour and dashes, its verdict, and Why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from reclaimlab.runs.verdict import describe_counts
from reclaimlab_gui.widgets.line_sample import LineSample
from reclaimlab_gui.widgets.verdict_badge import VerdictBadge

if TYPE_CHECKING:
    from reclaimlab_gui.models.side_by_side import Column, SideBySide
    from reclaimlab_gui.theme import Theme


class ColumnHeader(QWidget):
    """One contender.

    Signals:
        why_requested: explain the run of this column (tuple of one RunKey).
        chosen: show what made this column (its place).
    """

    why_requested = Signal(object)
    chosen = Signal(int)

    def __init__(
        self, place: int, column: Column, shown: SideBySide, seed: int, theme: Theme
    ) -> None:
        super().__init__()
        self._place = place
        self._key = column.key(seed)
        name = QToolButton()
        name.setText(column.label.replace("&", "&&"))
        name.setToolTip(f"{column.label}\nShow what made these curves")
        name.setAutoRaise(True)
        name.clicked.connect(self._on_chosen)
        self.why = QPushButton("Why")
        self.why.setToolTip("Explain this run: timeline, stacks and wait-for graph")
        self.why.setAccessibleName(f"Why {column.label}")
        self.why.clicked.connect(self._on_why)
        record = column.runs.get(seed)
        self.why.setEnabled(record is not None and record.result is not None)
        first = QHBoxLayout()
        first.addWidget(LineSample(*theme.contender(place)))
        first.addWidget(name, 1)
        second = QHBoxLayout()
        second.addWidget(VerdictBadge(_verdict(column, seed)))
        summary = next(c for c in shown.comparison.contenders if c.contender == column.label)
        verdict = _verdict(column, seed)
        same = sum(_verdict(column, each) == verdict for each in column.runs)
        of = f"{same} of {len(column.runs)}" if record else f"{len(column.runs)} of other seeds"
        counts = QLabel(of)
        counts.setProperty("faint", True)
        counts.setToolTip(f"All seeds: {describe_counts(summary.verdicts)}")
        self.why.setMaximumWidth(self.fontMetrics().horizontalAdvance("Why") + 36)
        counts.setMinimumWidth(10)
        second.addWidget(counts, 1)
        second.addWidget(self.why)
        name.setMinimumWidth(10)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 2, 4, 2)
        layout.setSpacing(2)
        layout.addLayout(first)
        layout.addLayout(second)

    def _on_why(self) -> None:
        self.why_requested.emit((self._key,))

    def _on_chosen(self) -> None:
        self.chosen.emit(self._place)


def _verdict(column: Column, seed: int) -> str:
    record = column.runs.get(seed)
    if record is None:
        return "not run"
    return str(record.result.verdict) if record.result else "failed"
