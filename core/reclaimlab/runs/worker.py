"""A process that simulates: its own limits, its own output, and a trace of how it died.

The parent's side is :class:`Worker`, the child's is :func:`serve`.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import time
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from reclaimlab.hosting.probe import ending
from reclaimlab.runs.isolated import record_isolated
from reclaimlab.runs.shield import shield
from reclaimlab.runs.sigint import sigint_blocked

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnContext

    from reclaimlab.runs.limits import Limits
    from reclaimlab.runs.run import RunRequest
    from reclaimlab.store.records import RunRecord

_BEAT_S: Final = 0.5
"""Real time between two signs of life."""


@dataclass(frozen=True, slots=True)
class Done:
    """A run is over."""

    packed: bytes
    printed: str

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
        reached_ns: the simulated time that run has told of.
    """

    def __init__(self, context: SpawnContext, limits: Limits, folder: Path, number: int) -> None:
        self._limits = limits
        self._trace = folder / f"worker-{number}"
        self._trace.touch()
        self.request: RunRequest | None = None
        self.is_foreign = False
        self.reached_ns = 0
        self._ready = False
        self._given = self._sign = 0.0
        self.connection, theirs = context.Pipe()
        arguments = (theirs, str(self._trace), limits)
        self.process = context.Process(target=serve, args=arguments, daemon=True)
        with sigint_blocked():
            self.process.start()
        theirs.close()

    def give(self, request: RunRequest, *, is_foreign: bool) -> bool:
        """Hand out a run; False if the process is gone."""
        try:
            self.connection.send(request)
        except OSError:
            return False
        self.request, self.is_foreign, self.reached_ns = request, is_foreign, 0
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
        if isinstance(told, Done):
            return told
        self.reached_ns = told
        return None

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


# ---- the child's side ---------------------------------------------------------------------------


def serve(connection: Connection, trace: str, limits: Limits) -> None:
    """Simulate what comes until nothing more does."""
    printed = shield(Path(trace), limits)
    beat = _Beat(connection)
    connection.send("ready")
    with contextlib.suppress(EOFError, OSError):
        while (work := connection.recv()) is not None:
            record = record_isolated(work, progress=beat)
            packed = zlib.compress(pickle.dumps(record), level=1)
            connection.send(Done(packed, printed.taken()))


class _Beat:
    """Called at every sample; says now and then that the run goes on, and how far it is."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._clock = time.monotonic
        self._last = 0.0

    def __call__(self, time_ns: int) -> None:
        now = self._clock()
        if now - self._last > _BEAT_S:
            self._last = now
            self._connection.send(time_ns)
