"""Many runs in processes of their own; the parent alone sees the results.

Spawned, not forked: the same on every system, and safe in a program that has threads. A request
crosses as text and a record comes back compressed. One request is handed out at a time, since a run
takes far longer (50 ms and more) than handing it out (0.2 ms).
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import threading
import zlib
from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from typing import TYPE_CHECKING, Final

from reclaimlab.runs.run import RunRequest, RunStoppedError, Stop, failed_record, never, record_run
from reclaimlab.store.records import Failure, RunRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from multiprocessing.synchronize import Event

Outcome = tuple[RunRequest, RunRecord]

_POLL_S: Final = 0.1
"""How long the parent may take to notice that it should stop."""


def run_all(
    requests: Iterable[RunRequest], *, jobs: int = 1, stop: Stop = never
) -> Iterator[Outcome]:
    """Yield the record of each request, in the order in which the runs end.

    Args:
        requests: what to run.
        jobs: number of processes; 1 runs here, without any.
        stop: asked all the time; once true, nothing more is handed out and the runs that are under
            way are given up.
    """
    if jobs == 1:
        return _run_here(requests, stop)
    return _Pool(jobs, stop).run(requests)


def _run_here(requests: Iterable[RunRequest], stop: Stop) -> Iterator[Outcome]:
    for request in requests:
        if stop():
            return
        try:
            record = record_run(request, stop=stop)
        except RunStoppedError:
            return
        yield request, record


@contextlib.contextmanager
def _sigint_blocked() -> Iterator[None]:
    """Put Ctrl-C off while workers start: they inherit the mask, so none dies of it half made."""
    if not hasattr(signal, "pthread_sigmask"):  # pragma: no cover - not on this system
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Pool:
    """Processes for one list of requests.

    When a worker dies, the executor cannot say which run it was on. All that were under way are
    suspects, and are run again one by one: runs are determined, so the innocent lose only time, and
    the one that kills its worker again is the one that is lost.
    """

    def __init__(self, jobs: int, stop: Stop) -> None:
        self._jobs = jobs
        self._stop = stop
        self._context = get_context("spawn")

    def run(self, requests: Iterable[RunRequest]) -> Iterator[Outcome]:
        waiting = deque(requests)
        while waiting and not self._stop():
            suspects: list[RunRequest] = []
            yield from self._shift(waiting, suspects, self._jobs)
            for suspect in suspects:
                if not self._stop():
                    yield from self._alone(suspect)

    def _alone(self, suspect: RunRequest) -> Iterator[Outcome]:
        died: list[RunRequest] = []
        yield from self._shift(deque([suspect]), died, 1)
        for request in died:
            yield request, failed_record(request, Failure.LOST, _LOST)

    def _shift(
        self, waiting: deque[RunRequest], suspects: list[RunRequest], jobs: int
    ) -> Iterator[Outcome]:
        """Run until nothing is waiting or a worker dies; then ``suspects`` gets what it was on."""
        stopped = self._context.Event()
        under_way: dict[Future[bytes | None], RunRequest] = {}
        with ProcessPoolExecutor(
            min(jobs, len(waiting)), self._context, _start_worker, (stopped,)
        ) as executor:
            try:
                while (waiting or under_way) and not suspects and not self._stop():
                    self._hand_out(executor, waiting, under_way, suspects, jobs)
                    ended = wait(under_way, _POLL_S, FIRST_COMPLETED).done
                    yield from self._collect(ended, under_way, suspects)
                # One death breaks the executor: the others' runs end with it.
                suspects.extend(under_way.values() if suspects else ())
            finally:
                stopped.set()

    @staticmethod
    def _hand_out(
        executor: ProcessPoolExecutor,
        waiting: deque[RunRequest],
        under_way: dict[Future[bytes | None], RunRequest],
        suspects: list[RunRequest],
        jobs: int,
    ) -> None:
        while waiting and len(under_way) < jobs:
            try:
                with _sigint_blocked():
                    under_way[executor.submit(_work, waiting[0])] = waiting[0]
            except BrokenProcessPool:
                if not under_way:
                    suspects.append(waiting.popleft())
                return
            waiting.popleft()

    @staticmethod
    def _collect(
        ended: Iterable[Future[bytes | None]],
        under_way: dict[Future[bytes | None], RunRequest],
        suspects: list[RunRequest],
    ) -> Iterator[Outcome]:
        for future in ended:
            request = under_way.pop(future)
            try:
                packed = future.result()
            except BrokenProcessPool:
                suspects.append(request)
                continue
            if packed is not None:
                yield request, _unpacked(packed)


_LOST: Final = (
    "the process that simulated it died, twice; the system may have been out of memory "
    "(fewer --jobs need less)"
)

# Set once in each worker, by the executor's initializer: there is no other way to hand an Event on.
_stopped: Event | None = None


def _start_worker(stopped: Event) -> None:
    global _stopped
    _stopped = stopped
    # Ctrl-C goes to the whole group of processes; the parent alone decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Wait for the parent's end; a worker of a parent that was killed would wait for ever."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(request: RunRequest) -> bytes | None:
    """Simulate in a worker; None if the parent stopped it."""
    try:
        record = record_run(request, stop=_stopped.is_set if _stopped else never)
    except RunStoppedError:
        return None
    return zlib.compress(pickle.dumps(record), level=1)


def _unpacked(packed: bytes) -> RunRecord:
    record: RunRecord = pickle.loads(zlib.decompress(packed))
    return record
