"""Simulates recordings of real machines: threads hand out, processes simulate."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from reclaimlab.errors import ReclaimlabError
from reclaimlab.runs.apart_process import ApartProcess
from reclaimlab.runs.run import RunStoppedError
from reclaimlab.validate.batch import validate_one

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class ValidationPump(QObject):
    """One validation under way, from ``start`` to ``ended``.

    States: idle until ``start``; running; stopping after ``stop``; ended.
    Connect the signals to methods of QObjects only.

    Signals:
        begun: the name of the recording that is simulated now.
        validated: a Result.
        failed: the name of a recording, and why it cannot be simulated: a line for people.
        ended: no process is at work any more.
    """

    begun = Signal(str)
    validated = Signal(object)
    failed = Signal(str, str)
    ended = Signal()
    _over = Signal()

    def __init__(self, folders: Sequence[Path], jobs: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting = deque(folders)
        self._stopping = threading.Event()
        count = max(min(jobs, len(folders)), 1)
        self._threads = [threading.Thread(target=self._pump, daemon=True) for _ in range(count)]
        self._left = count
        self._over.connect(self._on_over)

    def start(self) -> None:
        """Begin; returns at once."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End the processes; results that are there stay."""
        self._stopping.set()

    def wait(self) -> None:
        """Wait until no process is at work any more."""
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    # ---- in the threads: nothing here touches a widget ------------------------------------------

    def _pump(self) -> None:
        try:
            with ApartProcess() as process:
                while self._waiting and not self._stopping.is_set():
                    self._simulate(process, self._waiting.popleft())
        except (IndexError, RunStoppedError):  # another thread took the last one; or a cancel
            pass
        finally:
            self._tell(self._over)

    def _simulate(self, process: ApartProcess, folder: Path) -> None:
        self._tell(self.begun, folder.name)
        try:
            found = process.call(validate_one, folder, foreign=(), stop=self._stopping.is_set)
        except ReclaimlabError as error:
            self._tell(self.failed, folder.name, str(error))
        else:
            self._tell(self.validated, found)

    def _tell(self, signal: object, *facts: object) -> None:
        try:
            signal.emit(*facts)  # type: ignore[attr-defined]  # the stubs have no type for a bound signal
        except RuntimeError:  # the window was closed meanwhile
            return

    # ---- in the window's thread -----------------------------------------------------------------

    def _on_over(self) -> None:
        self._left -= 1
        if not self._left:
            self.wait()
            self.ended.emit()
