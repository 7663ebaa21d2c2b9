"""One slow question at a time, answered in a thread so that the window never freezes."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from reclaimlab.errors import ReclaimlabError

if TYPE_CHECKING:
    from collections.abc import Callable


class Background(QObject):
    """Asks functions in a thread; only the newest answer is told, older ones are dropped.

    Connect the signals to methods of QObjects only: a lambda would run in the thread.

    Signals:
        answered: what the newest function returned.
        failed: the newest function met an error of the user's: its message.
        broke: it met an error of ours: the exception.
    """

    answered = Signal(object)
    failed = Signal(str)
    broke = Signal(object)
    _ended = Signal(int, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._newest = 0
        self._threads: dict[int, threading.Thread] = {}
        self._ended.connect(self._on_ended)

    @property
    def busy(self) -> bool:
        """Whether an answer is still to come."""
        return self._newest in self._threads

    def ask(self, question: Callable[[], Any]) -> None:
        """Ask ``question`` in a thread; an answer under way is not wanted any more."""
        self._newest += 1
        number = self._newest
        thread = threading.Thread(target=self._run, args=(number, question), daemon=True)
        self._threads[number] = thread
        thread.start()

    def wait(self, seconds: float | None = None) -> None:
        """Wait for all threads, each so long at most: before the end of the program."""
        self._newest += 1
        for thread in tuple(self._threads.values()):
            thread.join(seconds)

    def _run(self, number: int, question: Callable[[], Any]) -> None:
        try:
            answer = question()
        except Exception as error:
            answer = error
        try:
            self._ended.emit(number, answer)
        except RuntimeError:  # the window was closed meanwhile
            return

    def _on_ended(self, number: int, answer: object) -> None:
        self._threads.pop(number, None)
        if number != self._newest:
            return
        if isinstance(answer, ReclaimlabError):
            self.failed.emit(str(answer))
        elif isinstance(answer, Exception):
            self.broke.emit(answer)
        else:
            self.answered.emit(answer)
