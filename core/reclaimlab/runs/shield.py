"""What keeps a process that simulates apart: limits, output of its own, a trace of how it died."""

from __future__ import annotations

import contextlib
import faulthandler
import io
import os
import resource
import signal
import sys
import tempfile
import threading
from multiprocessing import parent_process
from typing import TYPE_CHECKING, Final, NoReturn

from reclaimlab.hosting.probe import ISOLATED, limit_memory
from reclaimlab.units import format_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from reclaimlab.runs.limits import Limits

_SHOWN_BYTES: Final = 64 << 10
"""How much of what a run printed is handed on."""


def shield(trace: Path, limits: Limits) -> Printed:
    """Put the limits in force; the stack goes to ``trace`` when the process dies.

    SIGUSR1 has the stack written at once, so that a process that hangs can be asked where.
    """
    os.environ[ISOLATED] = "1"
    # Ctrl-C goes to the whole group of processes; the parent alone decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    limit_memory(limits.memory)
    written = trace.open("w")  # open for as long as the process lives
    faulthandler.enable(written)
    if hasattr(faulthandler, "register"):
        faulthandler.register(signal.SIGUSR1, written, all_threads=False)
    leave = os._exit

    def leave_a_trace(status: int) -> NoReturn:
        faulthandler.dump_traceback(written, all_threads=False)
        leave(status)

    os._exit = leave_a_trace
    return Printed(limits.output)


def _end_with_parent() -> None:
    """Wait for the parent's end; a worker of a parent that was killed would wait for ever."""
    leave = os._exit
    parent = parent_process()
    if parent is not None:
        parent.join()
        leave(1)


class OutputLimitError(Exception):
    """A run has printed more than it may."""


class Printed:
    """Where a run's output goes: a file of its own, with a limit.

    Text that Python prints is counted; what goes to the descriptors another way stops at the limit
    of the file's size.
    """

    def __init__(self, most: int) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  # open while the process lives
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        for descriptor in (1, 2):
            os.dup2(self._file.fileno(), descriptor)
        self._text = _Counted(most)
        sys.stdout = sys.stderr = self._text
        _limit_files(16 * most + (64 << 20))

    def taken(self) -> str:
        """Return what was printed since the last call."""
        self._text.count = 0
        self._file.seek(0)
        shown = self._file.read(_SHOWN_BYTES).decode(errors="replace")
        self._file.seek(0)
        self._file.truncate()
        return shown


class _Counted(io.TextIOBase):
    """Text to descriptor 1, so much and no more."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.count = 0

    def write(self, text: str, /) -> int:
        data = text.encode(errors="replace")
        self.count += len(data)
        if self.count > self._most:
            msg = f"printed more than {format_bytes(self._most)}"
            raise OutputLimitError(msg)
        os.write(1, data)
        return len(text)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return 1


def _limit_files(most: int) -> None:
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
