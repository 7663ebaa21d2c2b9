"""A process that simulates: its own limits, its own output, and a trace of how it died.

The parent's side is :class:`Worker`, the child's is :func:`serve`.
"""

from __future__ import annotations

import contextlib
import faulthandler
import io
import os
import pickle
import signal
import sys
import tempfile
import threading
import time
import zlib
from dataclasses import dataclass
from multiprocessing import parent_process
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from reclaimlab.hosting import gate
from reclaimlab.hosting.integrity import Snapshot
from reclaimlab.hosting.probe import ISOLATED, ending, limit_memory
from reclaimlab.runs.run import RunRequest, record_run
from reclaimlab.units import format_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnContext

    from reclaimlab.runs.limits import Limits
    from reclaimlab.store.records import RunRecord

_BEAT_S: Final = 0.5
"""Real time between two signs of life."""
_SHOWN_BYTES: Final = 64 << 10
"""How much of what a run printed is handed on."""
_BLOCK_SIGINT: Final = hasattr(signal, "pthread_sigmask")


@dataclass(frozen=True, slots=True)
class Done:
    """A run is over."""

    packed: bytes
    printed: str
    changed: tuple[str, ...]
    """What a plugin has changed of the tool; it is put back."""

    @property
    def record(self) -> RunRecord:
        """The record of the run."""
        record: RunRecord = pickle.loads(zlib.decompress(self.packed))
        return record


class Worker:
    """One process and what it is at work on.

    Attributes:
        request: the run under way; None if it is idle.
        is_foreign: somebody else's plugin is in that run, so the limits of time hold.
    """

    def __init__(self, context: SpawnContext, limits: Limits, folder: Path, number: int) -> None:
        self._limits = limits
        self._trace = folder / f"worker-{number}"
        self._trace.touch()
        self.request: RunRequest | None = None
        self.is_foreign = False
        self._ready = False
        self._given = self._sign = 0.0
        self.connection, theirs = context.Pipe()
        arguments = (theirs, str(self._trace), limits)
        self.process = context.Process(target=serve, args=arguments, daemon=True)
        with _sigint_blocked():
            self.process.start()
        theirs.close()

    def give(self, request: RunRequest, *, is_foreign: bool) -> bool:
        """Hand out a run; False if the process is gone."""
        try:
            self.connection.send((request, is_foreign))
        except OSError:
            return False
        self.request, self.is_foreign = request, is_foreign
        self._given = self._sign = time.monotonic()
        return True

    def answer(self) -> Done | None:
        """Return what the process has sent; None for a sign of life.

        Raises:
            EOFError: it has died.
        """
        self._sign = time.monotonic()
        if not self.connection.poll():
            raise EOFError
        try:
            told = self.connection.recv()
        except (OSError, pickle.UnpicklingError) as error:
            raise EOFError from error
        if isinstance(told, str):  # the process has started; what went before was no run
            self._ready, self._given = True, self._sign
            return None
        return told if isinstance(told, Done) else None

    def overdue(self) -> str:
        """Return which limit of time the run has passed; empty if none."""
        if self.request is None or not self.is_foreign or not self._ready:
            return ""
        now = time.monotonic()
        if (now - self._sign) * 1e9 > self._limits.stuck:
            return f"gave no sign for {self._limits.stuck / 1e9:g} s"
        if (now - self._given) * 1e9 > self._limits.time:
            return f"took over {self._limits.time / 1e9:g} s"
        return ""

    def trace(self) -> str:
        """Return the stack where the process died, as far as it could write it."""
        with contextlib.suppress(OSError):
            return self._trace.read_text(errors="replace")
        return ""

    def stack(self) -> str:
        """Return the stack where the process is now."""
        if hasattr(signal, "SIGUSR1") and self.process.pid is not None:
            with contextlib.suppress(OSError):
                os.kill(self.process.pid, signal.SIGUSR1)
                time.sleep(0.2)
        return self.trace()

    def end(self) -> str:
        """End the process at once; return how it ended."""
        if self.process.is_alive() and self.request is None:
            with contextlib.suppress(OSError):
                self.connection.send(None)
            self.process.join(1)
        else:
            self.process.join(0.2)  # that it has died is seen before it is gone
        if self.process.is_alive():
            self.process.kill()
        self.process.join()
        self.connection.close()
        return ending(self.process.exitcode or 0)


@contextlib.contextmanager
def _sigint_blocked() -> Iterator[None]:
    """Put Ctrl-C off while workers start: they inherit the mask, so none dies of it half made."""
    if not _BLOCK_SIGINT:  # pragma: no cover - not on this system
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# ---- the child's side ---------------------------------------------------------------------------


def serve(connection: Connection, trace: str, limits: Limits) -> None:
    """Simulate what comes until nothing more does."""
    printed = _shield(trace, limits)
    beat = _Beat(connection)
    connection.send("ready")
    with contextlib.suppress(EOFError, OSError):
        while (work := connection.recv()) is not None:
            request, is_foreign = work
            before = None
            if is_foreign:
                gate.shut()
                before = Snapshot()
            record = record_run(request, stop=beat)
            changed = before.undo_changes() if before else ()
            packed = zlib.compress(pickle.dumps(record), level=1)
            connection.send(Done(packed, printed.taken(), changed))


class _Beat:
    """Asked at every sample whether to stop; says now and then that the run goes on."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._clock = time.monotonic
        self._last = 0.0

    def __call__(self) -> bool:
        now = self._clock()
        if now - self._last > _BEAT_S:
            self._last = now
            self._connection.send(now)
        return False


def _shield(trace: str, limits: Limits) -> _Printed:
    os.environ[ISOLATED] = "1"
    # Ctrl-C goes to the whole group of processes; the parent alone decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    limit_memory(limits.memory)
    written = Path(trace).open("w")  # noqa: SIM115  # open for as long as the process lives
    faulthandler.enable(written)
    if hasattr(faulthandler, "register"):
        faulthandler.register(signal.SIGUSR1, written, all_threads=False)
    leave = os._exit

    def leave_a_trace(status: int) -> NoReturn:
        faulthandler.dump_traceback(written, all_threads=False)
        leave(status)

    os._exit = leave_a_trace
    return _Printed(limits.output)


def _end_with_parent() -> None:
    """Wait for the parent's end; a worker of a parent that was killed would wait for ever."""
    leave = os._exit
    parent = parent_process()
    if parent is not None:
        parent.join()
        leave(1)


class OutputLimitError(Exception):
    """A run has printed more than it may."""


class _Printed:
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
    import resource

    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
