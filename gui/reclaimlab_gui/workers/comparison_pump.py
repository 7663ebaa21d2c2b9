"""Runs a comparison: a thread pumps, processes simulate, and what they tell becomes signals."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal

from reclaimlab.errors import ReclaimlabError
from reclaimlab.runs.compare import compare
from reclaimlab.store.writer import StoreWriter

if TYPE_CHECKING:
    from pathlib import Path

    from reclaimlab.runs.compare import Plan
    from reclaimlab.runs.comparison import Comparison
    from reclaimlab.runs.events import RunEvent
    from reclaimlab.runs.run import RunRequest

_TELL_MS: Final = 150
"""Time between two signals of progress: at most ten a second, however many runs there are."""


class ComparisonPump(QObject):
    """One comparison under way, from ``start`` to ``ended``.

    States: idle until ``start``; running; stopping after ``stop``; ended.
    Connect the signals to methods of QObjects only.

    Signals:
        progressed: place of a run -> simulated time it has reached (ns), for those that moved.
        run_ended: a RunEvent.
        ended: the Comparison, whole or as far as it was stored; None if it could not begin.
        failed: why it could not begin or go on: a line for people.
    """

    progressed = Signal(object)
    run_ended = Signal(object)
    ended = Signal(object)
    failed = Signal(str)
    _over = Signal(object, object)

    def __init__(
        self, plan: Plan, database: Path, jobs: int, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.plan = plan
        self._database = database
        self._jobs = jobs
        self._stopping = threading.Event()
        self._reached: dict[int, int] = {}
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._pump, daemon=True)
        self._timer = QTimer(self)
        self._timer.setInterval(_TELL_MS)
        self._timer.timeout.connect(self._tell)
        self._over.connect(self._on_over)
        self.started_at = 0.0

    @property
    def running(self) -> bool:
        """Whether processes may still be at work."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin; returns at once."""
        self.started_at = time.monotonic()
        self._timer.start()
        self._thread.start()

    def stop(self) -> None:
        """End the processes that simulate; runs that are finished stay stored."""
        self._stopping.set()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until no process is at work any more; False if ``seconds`` were not enough."""
        if self._thread.ident is not None:
            self._thread.join(seconds)
        return not self._thread.is_alive()

    # ---- in the thread: nothing here touches a widget -------------------------------------------

    def _pump(self) -> None:
        found: Comparison | None = None
        error: BaseException | None = None
        try:
            with StoreWriter(self._database) as writer:
                found = compare(
                    self.plan,
                    writer,
                    jobs=self._jobs,
                    observers=(self._observe,),
                    stop=self._stopping.is_set,
                    watcher=self._watch,
                )
        except Exception as raised:
            error = raised
        try:
            self._over.emit(found, error)
        except RuntimeError:  # the window was closed meanwhile
            return

    def _observe(self, event: RunEvent) -> None:
        self.run_ended.emit(event)

    def _watch(self, request: RunRequest, time_ns: int) -> None:
        with self._lock:
            self._reached[request.number] = time_ns

    # ---- in the window's thread -----------------------------------------------------------------

    def _tell(self) -> None:
        with self._lock:
            reached, self._reached = self._reached, {}
        if reached:
            self.progressed.emit(reached)

    def _on_over(self, found: Comparison | None, error: BaseException | None) -> None:
        self._timer.stop()
        self._tell()
        self._thread.join()
        if isinstance(error, ReclaimlabError):
            self.failed.emit(str(error))
        elif error is not None:
            self.failed.emit(f"a bug of reclaimlab: {type(error).__name__}: {error}")
        self.ended.emit(found)
