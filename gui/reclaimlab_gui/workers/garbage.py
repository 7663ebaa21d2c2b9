"""Garbage is collected in the thread of the window only.

Python collects cycles in whatever thread happens to allocate. A widget in such a cycle would be
destroyed in a worker's thread, and Qt crashes.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

_EVERY_MS = 500
_YOUNG = 20_000
"""New objects worth a look at the young ones; a full collection follows every tenth time."""


class GarbageCollector(QObject):
    """Switches Python's own collection off, and collects now and then by a timer of the window."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._rounds = 0
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.collect)
        self._timer.start(_EVERY_MS)
        gc.disable()

    def collect(self) -> None:
        """Collect if there is enough to collect."""
        if gc.get_count()[0] > _YOUNG:
            self._rounds += 1
            gc.collect(2 if self._rounds % 10 == 0 else 1)
