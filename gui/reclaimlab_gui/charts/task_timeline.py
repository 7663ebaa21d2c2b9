"""Draws what each task does over time: a row a task, a bar a state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QVBoxLayout, QWidget

from reclaimlab.measure.timeline import TaskState
from reclaimlab_gui.charts.axis import Axis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QResizeEvent

    from reclaimlab.measure.timeline import Timeline
    from reclaimlab.store.records import Note
    from reclaimlab_gui.theme import Theme

HEIGHTS: Final = {
    TaskState.RUNNING: 0.8,
    TaskState.UNINTERRUPTIBLE: 0.5,
    TaskState.KILLABLE: 0.5,
    TaskState.SLEEPING: 0.12,
}
"""State -> height of its bar: states differ in height as well as in colour."""

_FLAG_LETTERS: Final = 28


def state_colours(theme: Theme) -> dict[TaskState, str]:
    """Return the colour of each state."""
    running, killable, *_ = theme.contenders
    return {
        TaskState.RUNNING: theme.better,
        TaskState.UNINTERRUPTIBLE: theme.worse,
        TaskState.KILLABLE: killable,
        TaskState.SLEEPING: theme.faint if running else theme.line,
    }


class TaskTimeline(QWidget):
    """The timeline of one run, with a line at the moment that is looked at.

    Signals:
        time_chosen: the line was dragged, or a moment clicked (ns).
        task_clicked: the place of the task whose row was clicked.
    """

    time_chosen = Signal(object)
    task_clicked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Timeline by task")
        self._plot: Any = pg.PlotWidget(axisItems={side: Axis(side) for side in ("left", "bottom")})
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._plot)
        self._rows = 0
        self.names: tuple[str, ...] = ()
        """The tasks as they stand at the left, as much of each as there is room for."""
        self._flags: list[Any] = []
        self._line: Any = pg.InfiniteLine(angle=90, movable=True)
        self._line.sigDragged.connect(self._on_dragged)
        self._plot.scene().sigMouseClicked.connect(self._on_clicked)

    def show_timeline(self, timeline: Timeline, theme: Theme, from_ns: int = 0) -> None:
        """Draw another run; before ``from_ns`` nothing is known of what was over by then."""
        plot = self._plot.getPlotItem()
        plot.clear()
        self._flags.clear()
        self._plot.setBackground(theme.base)
        count = self._rows = len(timeline.tasks)
        colours = state_colours(theme)
        for state, height in HEIGHTS.items():
            bars = [
                (max(span.begin_ns, from_ns), span.end_ns, count - 1 - place)
                for place, task in enumerate(timeline.tasks)
                for span in task.spans
                if span.state is state and span.end_ns > from_ns
            ]
            if bars:
                self._draw(np.array(bars, dtype=np.float64), height, QColor(colours[state]))
        self._axes(timeline, theme)
        self._fit_letters()
        pen = QPen(QColor(theme.accent), 2)
        pen.setCosmetic(True)
        self._line.setPen(pen)
        plot.addItem(self._line, ignoreBounds=True)
        plot.setXRange(from_ns / 1e9, timeline.end_ns / 1e9, padding=0.01)
        plot.setYRange(-0.6, count - 0.4, padding=0)

    def show_notes(self, notes: Sequence[Note], theme: Theme) -> None:
        """Put a flag at each moment that a note is about; notes on no moment have none."""
        for flag in self._flags:
            self._plot.removeItem(flag)
        pen = QPen(QColor(theme.text), 1, Qt.PenStyle.DotLine)
        pen.setCosmetic(True)
        options = {"color": theme.text, "fill": theme.alternate, "position": 0.93}
        self._flags = [
            pg.InfiniteLine(
                note.time_ns / 1e9, angle=90, pen=pen, label=_flag(note.text), labelOpts=options
            )
            for note in notes
            if note.time_ns is not None
        ]
        for flag in self._flags:
            self._plot.addItem(flag, ignoreBounds=True)

    @property
    def flags_s(self) -> tuple[float, ...]:
        """Where flags of notes stand."""
        return tuple(float(flag.value()) for flag in self._flags)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the tasks' names apart."""
        super().resizeEvent(event)
        self._fit_letters()

    def _fit_letters(self) -> None:
        font = self.font()
        row = (self.height() - 4 * self.fontMetrics().height()) / max(self._rows, 1)
        font.setPixelSize(int(min(max(row - 1, 8), self.fontMetrics().height() - 3)))
        self._plot.getPlotItem().getAxis("left").setStyle(tickFont=font)

    def show_time(self, time_ns: int) -> None:
        """Put the line at a moment, and bring it into sight."""
        self._line.setValue(time_ns / 1e9)
        view = self._plot.getPlotItem().getViewBox()
        low, high = view.viewRange()[0]
        time_s = time_ns / 1e9
        if not low <= time_s <= high:
            view.setXRange(time_s - (high - low) / 2, time_s + (high - low) / 2, padding=0)

    @property
    def time_range_s(self) -> tuple[float, float]:
        """What is seen of the time."""
        low, high = self._plot.getPlotItem().getViewBox().viewRange()[0]
        return float(low), float(high)

    def zoom_to(self, time_ns: int, width_ns: int) -> None:
        """Show ``width_ns`` around a moment."""
        half = width_ns / 2e9
        self._plot.getPlotItem().setXRange(time_ns / 1e9 - half, time_ns / 1e9 + half, padding=0)

    def _draw(self, bars: Any, height: float, colour: QColor) -> None:
        begin, end, row = bars[:, 0] / 1e9, bars[:, 1] / 1e9, bars[:, 2]
        item = pg.BarGraphItem(
            x0=begin, x1=end, y0=row - height / 2, height=height, pen=None, brush=colour
        )
        self._plot.addItem(item)

    def _axes(self, timeline: Timeline, theme: Theme) -> None:
        plot = self._plot.getPlotItem()
        count = len(timeline.tasks)
        left, bottom = plot.getAxis("left"), plot.getAxis("bottom")
        metrics, labels = self.fontMetrics(), [task.label for task in timeline.tasks]
        widest = max(map(metrics.horizontalAdvance, labels), default=0)
        width = min(widest + 2, metrics.averageCharWidth() * 20)
        left.setWidth(width + 24)
        # A name that does not fit would not be drawn at all.
        middle = Qt.TextElideMode.ElideMiddle
        self.names = tuple(metrics.elidedText(each, middle, width) for each in labels)
        left.setTicks([[(count - 1 - place, name) for place, name in enumerate(self.names)]])
        bottom.setLabel("simulated time (s)", color=theme.faint)
        bottom.enableAutoSIPrefix(False)
        for axis in (left, bottom):
            axis.setPen(theme.line)
            axis.setTextPen(theme.text)
            axis.setStyle(tickFont=self.font())
        plot.setMenuEnabled(False)
        plot.hideButtons()
        plot.getViewBox().setMouseEnabled(x=True, y=False)
        plot.showGrid(x=True, y=False, alpha=0.18)

    def _on_dragged(self) -> None:
        self.time_chosen.emit(round(self._line.value() * 1e9))

    def _on_clicked(self, event: Any) -> None:
        place = self._plot.getPlotItem().getViewBox().mapSceneToView(event.scenePos())
        self.time_chosen.emit(round(place.x() * 1e9))
        self.task_clicked.emit(round(place.y()))


def _flag(text: str) -> str:
    line = text.splitlines()[0]
    # pyqtgraph puts a label through str.format.
    shown = (
        line
        if len(line) <= _FLAG_LETTERS
        else line[: _FLAG_LETTERS - 1] + "\N{HORIZONTAL ELLIPSIS}"
    )
    return shown.replace("{", "{{").replace("}", "}}")
