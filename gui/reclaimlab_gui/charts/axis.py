"""An axis that is painted at once, not by way of a recorded picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyqtgraph as pg

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter


_DRAWN: Final = object()


class Axis(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph is untyped
    """What pyqtgraph's axis is, with lines only where a number stands.

    Half the time of a frame went into faint lines between them, and into pictures that are played
    but once while a plot is panned.
    """

    picture: Any

    def __init__(self, side: str) -> None:
        super().__init__(side)
        self._specs: Any = None
        self.setStyle(maxTickLevel=0)

    def paint(self, p: QPainter, opt: Any, widget: Any) -> None:
        """Paint ticks, grid and numbers; where they stand is remembered until the range changes."""
        del opt, widget
        if self.picture is None:
            p.setFont(self.style["tickFont"] or p.font())
            self._specs = self.generateDrawSpecs(p)
            self.picture = _DRAWN  # pyqtgraph sets it to None when something has changed
        if self._specs is not None:
            self.drawPicture(p, *self._specs)
