"""Draws the wait-for graph: tasks as boxes, resources as rounded ones, the closed set in red."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPen, QPolygonF
from PySide6.QtWidgets import QGraphicsScene, QGraphicsView, QWidget

if TYPE_CHECKING:
    from PySide6.QtGui import QMouseEvent, QResizeEvent, QWheelEvent

    from reclaimlab_gui.models.wait_layout import Layout, Placed
    from reclaimlab_gui.theme import Theme

_WIDEST: Final = 200.0
_ARROW: Final = 7.0
_SMALLEST: Final = 0.75
"""Unless a double click asks for all of it, the graph is drawn no smaller."""


class WaitGraphChart(QGraphicsView):
    """The graph of one moment; an arrow points at what is waited for.

    Signals:
        task_clicked: the label of a task.
    """

    task_clicked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Wait-for graph")
        self.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.setDragMode(QGraphicsView.DragMode.ScrollHandDrag)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.AnchorUnderMouse)
        self._scene = QGraphicsScene(self)
        self.setScene(self._scene)
        self._boxes: dict[str, QRectF] = {}
        self._tasks: set[str] = set()
        self._zoomed = False
        self._shows_all = False
        self._core = QRectF()
        self._middle = QPointF()

    @property
    def labels(self) -> tuple[str, ...]:
        """What is drawn."""
        return tuple(self._boxes)

    def show_layout(self, layout: Layout, theme: Theme, selected: str) -> None:
        """Draw another moment."""
        self._scene.clear()
        self.setBackgroundBrush(QColor(theme.base))
        metrics = QFontMetricsF(self.font())
        boxes = [_box(node, metrics) for node in layout.nodes]
        self._boxes = {node.label: box for node, box in zip(layout.nodes, boxes, strict=True)}
        self._tasks = {node.label for node in layout.nodes if node.is_task}
        for waiter, helper in layout.edges:
            both = layout.nodes[waiter], layout.nodes[helper]
            ring = both[0].in_cycle and both[1].in_cycle
            closed = both[0].closed and both[1].closed
            colour = QColor(theme.worse if closed else theme.line)
            self._arrow(boxes[waiter], boxes[helper], QPen(colour, 3.0 if ring else 1.2))
        for node, box in zip(layout.nodes, boxes, strict=True):
            self._node(node, box, theme, metrics, is_selected=node.label == selected)
        self._core = _core(layout, boxes)
        self._middle = _middle(layout, boxes, selected)
        self._scene.setSceneRect(self._scene.itemsBoundingRect().adjusted(-20, -20, 20, 20))
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep all in sight until somebody zooms."""
        super().resizeEvent(event)
        self._fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom."""
        self._zoomed = True
        factor = 1.15 if event.angleDelta().y() > 0 else 1 / 1.15
        self.scale(factor, factor)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show all, or the cycle with whoever waits for it."""
        del event
        self._zoomed = False
        self._shows_all = not self._shows_all
        self._fit()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Say which task was clicked."""
        super().mouseReleaseEvent(event)
        place = self.mapToScene(event.position().toPoint())
        for label, box in self._boxes.items():
            if label in self._tasks and box.contains(place):
                self.task_clicked.emit(label)

    def _fit(self) -> None:
        if not self._zoomed and self._boxes:
            shown = self._scene.sceneRect() if self._shows_all else self._core
            self.fitInView(shown, Qt.AspectRatioMode.KeepAspectRatio)
            scale = min(max(self.transform().m11(), 0.0 if self._shows_all else _SMALLEST), 1.0)
            if scale != self.transform().m11():  # letters stay readable; dragging shows the rest
                self.resetTransform()
                self.scale(scale, scale)
                self.centerOn(self._middle)

    def _node(
        self, node: Placed, box: QRectF, theme: Theme, metrics: QFontMetricsF, *, is_selected: bool
    ) -> None:
        edge = QColor(theme.worse if node.closed else theme.line)
        if is_selected:
            edge = QColor(theme.accent)
        path = QPainterPath()
        corner = 2.0 if node.is_task else box.height() / 2
        path.addRoundedRect(box, corner, corner)
        pen = QPen(edge, 3.0 if node.in_cycle or is_selected else 1.4)
        item = self._scene.addPath(
            path, pen, QColor(theme.alternate if node.is_task else theme.base)
        )
        item.setToolTip(f"{'task' if node.is_task else 'resource'} {node.label}")
        text = self._scene.addSimpleText(
            metrics.elidedText(node.label, Qt.TextElideMode.ElideMiddle, box.width() - 10),
            self.font(),
        )
        text.setBrush(QColor(theme.text))
        size = text.boundingRect()
        text.setPos(box.center() - QPointF(size.width() / 2, size.height() / 2))

    def _arrow(self, start: QRectF, end: QRectF, pen: QPen) -> None:
        tail, head = _border(start, end.center()), _border(end, start.center())
        self._scene.addLine(tail.x(), tail.y(), head.x(), head.y(), pen)
        angle = math.atan2(head.y() - tail.y(), head.x() - tail.x())
        sides = [
            head - QPointF(_ARROW * math.cos(angle + turn), _ARROW * math.sin(angle + turn))
            for turn in (0.45, -0.45)
        ]
        self._scene.addPolygon(QPolygonF([head, *sides]), QPen(Qt.PenStyle.NoPen), pen.color())


def _core(layout: Layout, boxes: list[QRectF]) -> QRectF:
    """Return where the cycle stands, with room for those that wait for it; else where all do."""
    found = QRectF()
    for node, box in zip(layout.nodes, boxes, strict=True):
        if node.in_cycle or not layout.cycle:
            found = found.united(box)
    return found.adjusted(-300 if layout.cycle else -20, -30, 20, 30)


def _middle(layout: Layout, boxes: list[QRectF], selected: str) -> QPointF:
    """Return what must be in sight: the cycle, else the selected task, else the middle of all."""
    found, whole = QRectF(), QRectF()
    for node, box in zip(layout.nodes, boxes, strict=True):
        whole = whole.united(box)
        if node.in_cycle or (not layout.cycle and node.label == selected):
            found = found.united(box)
    return (whole if found.isNull() else found).center()


def _box(node: Placed, metrics: QFontMetricsF) -> QRectF:
    width = min(metrics.horizontalAdvance(node.label) + 20, _WIDEST)
    height = metrics.height() + 10
    return QRectF(node.x - width / 2, node.y - height / 2, width, height)


def _border(box: QRectF, towards: QPointF) -> QPointF:
    """Return where the line from the middle of ``box`` to ``towards`` leaves it."""
    middle = box.center()
    dx, dy = towards.x() - middle.x(), towards.y() - middle.y()
    if not dx and not dy:
        return middle
    shares = [
        half / abs(way) for half, way in ((box.width() / 2, dx), (box.height() / 2, dy)) if way
    ]
    share = min(shares)
    return QPointF(middle.x() + dx * share, middle.y() + dy * share)
