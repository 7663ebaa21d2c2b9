"""Runs for a cluster, several to a message: packed, simulated under a watch, and how many next.

A message costs a scheduler and its client some milliseconds, whatever it carries. So a batch holds
as many runs as take :data:`BATCH_S`: one, if runs are that long, and dozens of the shortest.
"""

from __future__ import annotations

import os
import pickle
import signal
import threading
import time
import zlib
from typing import TYPE_CHECKING, Final, Self

from reclaimlab.runs.executors.base import SILENT_S, patience, without_series
from reclaimlab.runs.isolated import record_isolated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reclaimlab.runs.run import RunRequest
    from reclaimlab.store.records import RunRecord

BATCH_S: Final = 0.3
"""A worker's time for a batch: what is lost at most of other runs when a worker dies."""
MOST_RUNS: Final = 64
_LEVEL: Final = 1
_RECENT: Final = 0.5
_LOOK_S: Final = 0.5
# The watch looks while a hook may run, and what a hook may not call it could not either.
_monotonic: Final = time.monotonic
_kill: Final = os.kill


class Pace:
    """How long runs take lately, and so how many make a batch."""

    def __init__(self) -> None:
        self._run_s: float | None = None

    def took(self, runs: int, seconds: float) -> None:
        """Learn from a batch that has ended."""
        each = seconds / runs
        before = each if self._run_s is None else self._run_s
        self._run_s = before + _RECENT * (each - before)

    def size(self, left: int | None, width: int) -> int:
        """Return how many runs the next batch has.

        Args:
            left: runs that are not handed out yet; None if more than can be told.
            width: how many workers share them. The last ones are dealt in ever smaller batches, so
                that all workers end at about the same time.
        """
        if self._run_s is None:
            return 1
        size = min(MOST_RUNS, int(BATCH_S / max(self._run_s, 1e-9)))
        return max(1, size if left is None else min(size, left // (2 * width)))


def pack(requests: Sequence[RunRequest]) -> bytes:
    """Return the runs of a batch as bytes, which a scheduler passes on without a look inside."""
    return zlib.compress(pickle.dumps(tuple(requests)), _LEVEL)


def simulate_batch(packed: bytes, silent_s: float) -> bytes:
    """Simulate the runs of a batch in a worker; for :func:`unpack_records`.

    A batch that takes much longer than :data:`BATCH_S` is ended after the run it is at: the runs
    at its end are handed out again. A run without a sign of life for ``silent_s`` ends the process.
    """
    requests: tuple[RunRequest, ...] = pickle.loads(zlib.decompress(packed))
    began = time.thread_time()
    records: list[RunRecord] = []
    with _Watch() as watch:
        for request in requests:
            watch.begin(patience(request, silent_s))
            records.append(without_series(record_isolated(request, stop=watch.sign)))
            if time.thread_time() - began > 2 * BATCH_S:
                break
    return zlib.compress(pickle.dumps((records, time.thread_time() - began)), _LEVEL)


def unpack_records(packed: bytes) -> tuple[list[RunRecord], float]:
    """Return the records of the runs at the beginning of a batch, and the seconds they took."""
    records: list[RunRecord]
    records, seconds = pickle.loads(zlib.decompress(packed))
    return records, seconds


class _Watch:
    """A thread that kills this process if the run in it hangs: a scheduler would wait for ever.

    States: looks from entering to leaving; ``sign`` puts the end off.
    """

    def __init__(self) -> None:
        self._silent_s = SILENT_S
        self._last = _monotonic()
        self._left = threading.Event()

    def __enter__(self) -> Self:
        threading.Thread(target=self._look, name="reclaimlab-watch", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._left.set()

    def begin(self, silent_s: float) -> None:
        """Watch the next run, which is to give a sign every ``silent_s`` seconds."""
        self._silent_s, self._last = silent_s, _monotonic()

    def sign(self) -> bool:
        """Note that the run is alive; as the question whether to stop, the answer is no."""
        self._last = _monotonic()
        return False

    def _look(self) -> None:
        while not self._left.wait(_LOOK_S):
            if _monotonic() - self._last > self._silent_s:
                _kill(os.getpid(), signal.SIGKILL)
