"""Runs in processes of this machine, each with a pipe of its own.

The parent knows which run a process was on, so one that dies or falls silent costs that run alone.
Each process has one run waiting beside the one it is at, so it never waits for the parent.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import tempfile
import time
from collections import Counter, deque
from multiprocessing import get_context
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from reclaimlab.runs.executors.base import (
    MOST_TRIES,
    SILENT_S,
    Ended,
    lost,
    patience,
    simulate_packed,
    unpacked,
)
from reclaimlab.runs.isolated import killed
from reclaimlab.runs.limits import Limits
from reclaimlab.runs.run import RunRequest, Stop, never
from reclaimlab.runs.shield import shield
from reclaimlab.runs.sigint import sigint_blocked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnContext

_POLL_S: Final = 0.1
_BEAT_S: Final = 0.5
_START_S: Final = 60.0
"""How much later than that the first sign may come: a process that starts imports for a while."""
_DEPTH: Final = 2
"""The run a process is at, and the next."""


class ProcessExecutor:
    """``jobs`` processes, started when the first runs come.

    Args:
        jobs: how many.
        silent_s: real seconds without a sign after which a process is taken for hung.
    """

    def __init__(self, jobs: int, *, silent_s: float = SILENT_S) -> None:
        self.width = jobs
        self._silent_s = silent_s
        self._limits = Limits.from_environment()
        self._context = get_context("spawn")
        self._workers: list[_Worker] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.end()
        self._workers.clear()

    def pids(self) -> tuple[int, ...]:
        """Return the processes that are alive."""
        return tuple(each.process.pid or 0 for each in self._workers if each.process.is_alive())

    def run(self, requests: Iterable[RunRequest], *, stop: Stop = never) -> Iterator[Ended]:
        """Yield each run when it is over."""
        source = iter(requests)
        again: deque[RunRequest] = deque()
        tries: Counter[RunRequest] = Counter()
        while not stop():
            self._hand_out(source, again)
            busy = [each for each in self._workers if each.under_way]
            if not busy:
                return
            ready = wait([each.connection for each in busy], _POLL_S)
            for worker in busy:
                if worker.connection in ready or not worker.process.is_alive():
                    yield from self._hear(worker, again, tries)
                elif worker.silence() > self._patience(worker):
                    why = f"gave no sign for {self._patience(worker):g} s"
                    worker.ask_where()
                    yield from self._bury(worker, again, tries, why)

    def _patience(self, worker: _Worker) -> float:
        return patience(worker.under_way[0], self._silent_s)

    def _hand_out(self, source: Iterator[RunRequest], again: deque[RunRequest]) -> None:
        for _ in range(self.width - len(self._workers)):
            self._workers.append(_Worker(self._context, self._limits))
        # Round by round: with few runs left, each process gets one before any gets two.
        for depth in range(1, _DEPTH + 1):
            for worker in self._workers:
                if len(worker.under_way) < depth:
                    request = again.popleft() if again else next(source, None)
                    if request is None:
                        return
                    worker.give(request)

    def _hear(
        self, worker: _Worker, again: deque[RunRequest], tries: Counter[RunRequest]
    ) -> Iterator[Ended]:
        try:
            packed = worker.answer()
        except EOFError:
            yield from self._bury(worker, again, tries, "died")
            return
        if packed is not None:
            request = worker.under_way.popleft()
            yield Ended(request, unpacked(packed), tries.pop(request, 0))

    def _bury(
        self, worker: _Worker, again: deque[RunRequest], tries: Counter[RunRequest], why: str
    ) -> Iterator[Ended]:
        self._workers.remove(worker)
        worker.end()
        request, *untouched = worker.under_way
        again.extendleft(reversed(untouched))
        tries[request] += 1
        if record := killed(request, worker.trace(), f"the process that simulated it {why}"):
            yield Ended(request, record, tries.pop(request) - 1)
        elif tries[request] < MOST_TRIES:
            again.append(request)
        else:
            del tries[request]
            yield lost(request, f"the process that simulated it {why}")


class _Worker:
    """The parent's side of one process.

    Attributes:
        under_way: the run it is at, then the one that waits.
    """

    def __init__(self, context: SpawnContext, limits: Limits) -> None:
        descriptor, name = tempfile.mkstemp(prefix="reclaimlab-")
        os.close(descriptor)
        self._trace = Path(name)
        self.under_way: deque[RunRequest] = deque()
        self._sign = time.monotonic() + _START_S
        self._has_started = False
        self._left = ""
        self.connection, theirs = context.Pipe()
        self.process = context.Process(
            target=_serve, args=(theirs, self._trace, limits), daemon=True
        )
        with sigint_blocked():
            self.process.start()
        theirs.close()

    def give(self, request: RunRequest) -> None:
        """Hand out a run; that the process is gone is found when it is heard."""
        if self._has_started and not self.under_way:
            self._sign = time.monotonic()
        self.under_way.append(request)
        with contextlib.suppress(OSError):
            self.connection.send(request)

    def answer(self) -> bytes | None:
        """Return the record of the run it was at; None for a mere sign of life.

        Raises:
            EOFError: it has died.
        """
        self._sign, self._has_started = time.monotonic(), True
        if not self.connection.poll():
            raise EOFError
        try:
            told = self.connection.recv()
        except (OSError, pickle.UnpicklingError) as error:
            raise EOFError from error
        return told if isinstance(told, bytes) else None

    def silence(self) -> float:
        """Return the seconds since its last sign of life."""
        return time.monotonic() - self._sign

    def ask_where(self) -> None:
        """Have the process write where it hangs."""
        if self.process.pid is not None:
            with contextlib.suppress(OSError):
                os.kill(self.process.pid, signal.SIGUSR1)
                time.sleep(0.2)

    def trace(self) -> str:
        """Return where the process was when it died, once it has ended."""
        return self._left

    def end(self) -> None:
        """End the process at once."""
        self.process.kill()
        self.process.join()
        self.connection.close()
        self.process.close()
        self._left = self._trace.read_text(errors="replace")
        self._trace.unlink()


def _serve(connection: Connection, trace: Path, limits: Limits) -> None:
    printed = shield(trace, limits)
    last = time.monotonic()

    def beat() -> bool:
        nonlocal last
        if time.monotonic() - last > _BEAT_S:
            last = time.monotonic()
            connection.send(None)
        return False

    with contextlib.suppress(EOFError, OSError):
        connection.send(None)
        while True:
            connection.send(simulate_packed(connection.recv(), stop=beat))
            printed.taken()
