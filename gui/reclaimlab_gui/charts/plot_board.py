"""A board of plots in rows and columns, with time axes that go together and two markers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from reclaimlab_gui.charts.axis import Axis
from reclaimlab_gui.models.peaks import Peaks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QKeyEvent, QResizeEvent

    from reclaimlab_gui.models.panel import Line, Panel
    from reclaimlab_gui.theme import Theme

MARKERS: Final = ("A", "B")
_ROW_HEIGHT_EMS: Final = 13
_PAN: Final = 0.15
_WIDTH: Final = 400
"""Pixels of a plot that is not laid out yet."""
_ZOOM: Final = 0.7


@dataclass(frozen=True, slots=True)
class _Moving:
    """What is drawn anew when the time axis of a plot moves."""

    column: int
    curves: tuple[tuple[Any, Peaks, float], ...]
    """Each with its points, and how far it is shifted (s)."""


class PlotBoard(QWidget):
    """Draws panels and says what the user did with them.

    The wheel and W, S zoom in time, dragging and A, D pan, Home shows all; a double click puts
    marker A, with Shift marker B; 1 and 2 put them into the middle of what is seen.

    Signals:
        marker_moved: which ("A" or "B"), the column it was moved in, and its time on the axis (s).
        line_clicked: the place of the contender whose curve was clicked.
    """

    marker_moved = Signal(str, int, float)
    line_clicked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Plots")
        self.setAccessibleDescription("The metrics table has the same numbers as text")
        self._layout: Any = pg.GraphicsLayoutWidget()
        self._layout.setFrameShape(QFrame.Shape.NoFrame)
        self._layout.scene().sigMouseClicked.connect(self._on_clicked)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidget(self._layout)
        # The wheel zooms in time; keys, the scroll bar and a touchpad's bar scroll.
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._layout.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._scroll)
        self._plots: list[tuple[Any, Panel]] = []
        self._moving: dict[Any, _Moving] = {}
        self._markers: dict[tuple[str, int], list[Any]] = {}
        self._times: dict[tuple[str, int], float] = {}
        self._linked = True
        self._following = False
        self._column_count = 0

    @property
    def plots(self) -> tuple[Any, ...]:
        """The plots as they stand, row by row."""
        return tuple(plot for plot, _ in self._plots)

    @property
    def panels(self) -> tuple[Panel, ...]:
        """What they show."""
        return tuple(panel for _, panel in self._plots)

    def show_panels(
        self,
        rows: Sequence[Sequence[Panel | None]],
        theme: Theme,
        *,
        time_label: str,
        linked: bool,
    ) -> None:
        """Draw ``rows`` anew; None is an empty place. Markers stay where they were."""
        for plot, _ in self._plots:
            plot.sigXRangeChanged.disconnect()  # a plot on its way out has no curves to draw
        self._layout.clear()
        self._layout.setBackground(theme.base)
        self._plots.clear()
        self._moving.clear()
        self._markers.clear()
        self._following = True  # until all stand where they belong
        for row, panels in enumerate(rows):
            low, high = _value_range([panel for panel in panels if panel is not None])
            for column, panel in enumerate(panels):
                if panel is not None:
                    plot = self._add(row, column, panel, theme, time_label)
                    # One scale for a row: what looks higher is higher.
                    plot.setYRange(low, high, padding=0.04)
                    self._plots.append((plot, panel))
        self._column_count = max((len(panels) for panels in rows), default=0)
        self._fit_columns()
        height = int(self.fontMetrics().height() * _ROW_HEIGHT_EMS)
        self._layout.setMinimumHeight(height * max(len(rows), 1))
        self._linked = linked
        self._following = False
        self.show_all()

    def set_linked(self, linked: bool) -> None:
        """Make the time axes go together, or only those of one column."""
        self._linked = linked
        for plot, panel in self._plots[:1] if linked else self._plots:
            self._follow(panel.column, *plot.getViewBox().viewRange()[0])

    def show_all(self) -> None:
        """Show the whole time."""
        panels = self.panels
        self._following = True
        for plot, panel in self._plots:
            same = [each for each in panels if self._linked or each.column == panel.column]
            plot.setXRange(*_time_range(same), padding=0.01)
        self._following = False

    def marker(self, name: str, column: int) -> float | None:
        """Return where a marker stands in a column (s on its axis); None if it was not put."""
        return self._times.get((name, column))

    def put_marker(self, name: str, time_s: float, column: int | None = None) -> None:
        """Put a marker; into every column if the axes are linked or ``column`` is None."""
        shown = sorted({panel.column for _, panel in self._plots})
        chosen = shown if self._linked or column is None else [column]
        for each in chosen:
            self._times[name, each] = time_s
            for line in self._markers.get((name, each), ()):
                line.blockSignals(True)
                line.setValue(time_s)
                line.show()
                line.blockSignals(False)
        for each in chosen[:1] if self._linked else chosen:
            self.marker_moved.emit(name, each, time_s)

    def clear_markers(self) -> None:
        """Take both markers away."""
        self._times.clear()
        for lines in self._markers.values():
            for line in lines:
                line.hide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep all columns equally wide."""
        super().resizeEvent(event)
        self._fit_columns()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Zoom, pan and mark by keys."""
        key = event.key()
        views = [plot.getViewBox() for plot, _ in self._plots]
        leaders = views[:1] if self._linked else views
        if key in (Qt.Key.Key_W, Qt.Key.Key_S):
            for view in leaders:
                view.scaleBy(x=_ZOOM if key == Qt.Key.Key_W else 1 / _ZOOM)
        elif key in (Qt.Key.Key_A, Qt.Key.Key_D, Qt.Key.Key_Left, Qt.Key.Key_Right):
            way = -1 if key in (Qt.Key.Key_A, Qt.Key.Key_Left) else 1
            for view in leaders:
                low, high = view.viewRange()[0]
                view.translateBy(x=way * _PAN * (high - low))
        elif key == Qt.Key.Key_Home:
            self.show_all()
        elif key in (Qt.Key.Key_1, Qt.Key.Key_2) and views:
            low, high = views[0].viewRange()[0]
            self.put_marker(MARKERS[key - Qt.Key.Key_1], (low + high) / 2)
        else:
            super().keyPressEvent(event)

    def _follow(self, column: int, low: float, high: float) -> None:
        """Show the same time in every plot that goes with ``column``.

        Our own link: pyqtgraph's shifts plots that are laid out a little differently.
        """
        if self._following:
            return
        self._following = True
        for plot, panel in self._plots:
            if self._linked or panel.column == column:
                plot.setXRange(low, high, padding=0)
        self._following = False

    def _fit_columns(self) -> None:
        # Left to itself, the layout makes a column as wide as its longest title.
        if not self._column_count:  # an empty layout dies of being asked for its spacing
            return
        grid = self._layout.ci.layout
        spare = self._scroll.verticalScrollBar().sizeHint().width() + 24
        each = (self.width() - spare) / self._column_count - grid.horizontalSpacing()
        for column in range(self._column_count):
            grid.setColumnFixedWidth(column, max(each, 80.0))

    # ---- drawing --------------------------------------------------------------------------------

    def _add(self, row: int, column: int, panel: Panel, theme: Theme, time_label: str) -> Any:
        axes = {side: Axis(side) for side in ("left", "bottom")}
        plot = self._layout.addPlot(row=row, col=column, enableMenu=False, axisItems=axes)
        plot.setTitle(panel.caption, color=theme.text, size=f"{self.font().pointSizeF():.0f}pt")
        plot.titleLabel.updateMin = lambda: None  # else a long title widens its column
        plot.titleLabel.setMinimumWidth(0)
        for side, text, unit in (("left", "", panel.unit), ("bottom", time_label, "")):
            axis = plot.getAxis(side)
            axis.enableAutoSIPrefix(False)
            axis.setLabel(f"{text}{unit}", color=theme.faint)
            axis.setPen(theme.line)
            axis.setTextPen(theme.text)
            axis.setStyle(tickFont=self.font())
        plot.getAxis("left").setWidth(self.fontMetrics().height() * 4)
        plot.showGrid(x=True, y=True, alpha=0.18)
        plot.hideButtons()
        plot.getViewBox().setMouseEnabled(x=True, y=False)
        curves = [(self._draw(plot, line, theme), line) for line in panel.lines]
        for name, value in panel.limits.items():
            self._level(plot, value, name, theme.worse, top=max(panel.limits.values()))
        if panel.is_difference:
            self._level(plot, 0.0, "", theme.faint)
        self._add_markers(plot, panel.column, theme)
        self._moving[plot.getViewBox()] = _Moving(
            panel.column, tuple((item, Peaks(line.curve), line.shift_s) for item, line in curves)
        )
        # A function that knows the plot would keep it for ever: Qt holds it where no cycle is seen.
        plot.sigXRangeChanged.connect(self._on_moved)
        return plot

    def _on_moved(self, view: Any, limits: tuple[float, float]) -> None:
        moving = self._moving[view]
        # Points that fall on one pixel are never given to pyqtgraph: this is what pans fast.
        width = int(view.width()) or _WIDTH
        for item, peaks, shift_s in moving.curves:
            times, values = peaks.between(limits[0] + shift_s, limits[1] + shift_s, width)
            item.setData(times - shift_s, values)
        self._follow(moving.column, *limits)

    def _draw(self, plot: Any, line: Line, theme: Theme) -> Any:
        colour, dash = theme.contender(line.place)
        pen = QPen(colour, 1.6, dash)
        pen.setCosmetic(True)
        # Thick lines of a million points are slow in Qt: only short ones get more than a pixel.
        if len(line.curve.values) > 20_000:
            pen = QPen(colour, 1)
            pen.setCosmetic(True)
        item = plot.plot(pen=pen)
        item.setCurveClickable(True, width=12)
        place = line.place
        item.sigClicked.connect(lambda *_: self.line_clicked.emit(place))
        return item

    @staticmethod
    def _level(plot: Any, value: float, label: str, colour: str, *, top: float = 0.0) -> None:
        pen = QPen(QColor(colour), 1, Qt.PenStyle.DashLine)
        pen.setCosmetic(True)
        # Below its line, for usage stays above a soft limit; above one at the foot of the plot.
        anchor = (1, 1) if value < 0.2 * top else (1, 0)
        options = {"color": colour, "position": 0.97, "anchors": [anchor, anchor]}
        plot.addItem(pg.InfiniteLine(value, angle=0, pen=pen, label=label, labelOpts=options))

    def _add_markers(self, plot: Any, column: int, theme: Theme) -> None:
        for name in MARKERS:
            pen = QPen(QColor(theme.accent), 1, Qt.PenStyle.SolidLine)
            pen.setCosmetic(True)
            options = {"color": theme.accent, "position": 0.92, "fill": theme.base}
            line = pg.InfiniteLine(
                self._times.get((name, column), 0.0), angle=90, movable=True, pen=pen,
                label=name, labelOpts=options,
            )  # fmt: skip
            line.setVisible((name, column) in self._times)
            line.sigPositionChanged.connect(
                lambda moved, name=name, column=column: self.put_marker(
                    name, float(moved.value()), column
                )
            )
            plot.addItem(line, ignoreBounds=True)
            self._markers.setdefault((name, column), []).append(line)

    def _on_clicked(self, event: Any) -> None:
        self.setFocus()
        if not event.double():
            return
        position: QPointF = event.scenePos()
        for plot, panel in self._plots:
            if plot.sceneBoundingRect().contains(position):
                time_s = float(plot.getViewBox().mapSceneToView(position).x())
                shift = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
                self.put_marker("B" if shift else "A", time_s, panel.column)


def _time_range(panels: Sequence[Panel]) -> tuple[float, float]:
    ends = [
        (float(line.curve.times_s[0]) - line.shift_s, float(line.curve.times_s[-1]) - line.shift_s)
        for panel in panels
        for line in panel.lines
        if len(line.curve.times_s)
    ]
    return (min(low for low, _ in ends), max(high for _, high in ends)) if ends else (0.0, 1.0)


def _value_range(panels: Sequence[Panel]) -> tuple[float, float]:
    values = [line.curve.values for panel in panels for line in panel.lines]
    found = [(float(each.min()), float(each.max())) for each in values if len(each)]
    levels = [value for panel in panels for value in panel.limits.values()]
    low = min([0.0, *(least for least, _ in found)])
    high = max([0.0, *levels, *(most for _, most in found)])
    return (low, high) if high > low else (low, low + 1.0)
