"""Many runs in processes of their own; the parent alone sees the results.

Spawned, not forked: the same on every system, and safe in a program that has threads. A request
crosses as text and a record comes back compressed. One request is handed out at a time, since a run
takes far longer (50 ms and more) than handing it out (0.2 ms). Each process has a pipe of its own,
so the parent knows which run a process died of, and can end that one alone.
"""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING, Final

from reclaimlab.hosting.blame import blame
from reclaimlab.runs.foreign import foreign_plugins, unusable
from reclaimlab.runs.isolated import killed
from reclaimlab.runs.limits import Limits
from reclaimlab.runs.run import RunRequest, RunStoppedError, Stop, failed_record, never, record_run
from reclaimlab.runs.worker import Worker
from reclaimlab.store.records import Failure, RunRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Outcome = tuple[RunRequest, RunRecord]
Listener = Callable[[RunRequest, str], None]
Watcher = Callable[[RunRequest, int], None]

_POLL_S: Final = 0.1
"""How long the parent may take to notice that it should stop, or that a run takes too long."""


def run_all(
    requests: Iterable[RunRequest],
    *,
    jobs: int = 1,
    stop: Stop = never,
    limits: Limits | None = None,
    printed: Listener | None = None,
    watcher: Watcher | None = None,
) -> Iterator[Outcome]:
    """Yield the record of each request, in the order in which the runs end.

    Args:
        requests: what to run.
        jobs: number of processes; 1 runs here, without any, unless a plugin of somebody else is in
            a run: such a run never shares a process with the caller.
        stop: asked all the time; once true, nothing more is handed out and the runs that are under
            way are given up.
        limits: what a run with somebody else's plugin may use; the environment's if None.
        printed: told what such a run has printed.
        watcher: told the simulated time (ns) each run has reached, 0 when it begins, about twice a
            second. Every run then goes to a process, which the watcher's stop can end at once.
    """
    waiting = []
    for request in requests:
        if problem := unusable(request):
            yield request, failed_record(request, Failure.POLICY, problem)
        else:
            waiting.append(request)
    if jobs == 1 and watcher is None and not any(map(foreign_plugins, waiting)):
        yield from _run_here(waiting, stop)
    else:
        pool = _Pool(jobs, stop, limits or Limits.from_environment(), printed, watcher)
        yield from pool.run(waiting)


def _run_here(requests: Iterable[RunRequest], stop: Stop) -> Iterator[Outcome]:
    for request in requests:
        if stop():
            return
        try:
            record = record_run(request, stop=stop)
        except RunStoppedError:
            return
        yield request, record


class _Pool:
    """Processes for one list of requests.

    A run whose process dies for no reason of its own is run again, once: runs are determined, so
    one that somebody killed loses only time, and one that kills its process does so again.
    """

    def __init__(
        self,
        jobs: int,
        stop: Stop,
        limits: Limits,
        printed: Listener | None,
        watcher: Watcher | None,
    ) -> None:
        self._jobs = jobs
        self._stop = stop
        self._limits = limits
        self._printed = printed
        self._watcher = watcher
        self._context = get_context("spawn")
        self._started = 0
        self._workers: list[Worker] = []
        self._died_once: set[RunRequest] = set()

    def run(self, requests: Iterable[RunRequest]) -> Iterator[Outcome]:
        waiting = deque(requests)
        # Python may still be writing there when its process is ended: what is left does not matter.
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            try:
                while (waiting or self._busy()) and not self._stop():
                    self._hand_out(waiting, Path(folder))
                    ready = wait([each.connection for each in self._busy()], _POLL_S)
                    for worker in self._busy():
                        # A process that the run started may keep the pipe open after its death.
                        if worker.connection in ready or not worker.process.is_alive():
                            yield from self._hear(worker, waiting)
                        elif problem := worker.overdue():
                            yield self._give_up(worker, problem)
            finally:
                for worker in self._workers:
                    worker.process.kill() if worker.request else None
                for worker in self._workers:
                    worker.end()

    def _busy(self) -> list[Worker]:
        return [each for each in self._workers if each.request is not None]

    def _hand_out(self, waiting: deque[RunRequest], folder: Path) -> None:
        while waiting and len(self._busy()) < self._jobs:
            idle = next((each for each in self._workers if each.request is None), None)
            if idle is None:
                idle = Worker(self._context, self._limits, folder, self._started)
                self._workers.append(idle)
                self._started += 1
            if idle.give(waiting[0], is_foreign=bool(foreign_plugins(waiting[0]))):
                self._watched(waiting.popleft(), 0)
            else:
                self._drop(idle)

    def _drop(self, worker: Worker) -> str:
        self._workers.remove(worker)
        return worker.end()

    def _hear(self, worker: Worker, waiting: deque[RunRequest]) -> Iterator[Outcome]:
        request = worker.request
        if request is None:
            return
        try:
            done = worker.answer()
        except EOFError:
            yield from self._bury(worker, request, waiting)
            return
        if done is None:
            if worker.reached_ns:
                self._watched(request, worker.reached_ns)
            return
        worker.request = None
        if done.printed and self._printed:
            self._printed(request, done.printed)
        yield request, done.record

    def _watched(self, request: RunRequest, time_ns: int) -> None:
        if self._watcher is not None:
            self._watcher(request, time_ns)

    def _bury(
        self, worker: Worker, request: RunRequest, waiting: deque[RunRequest]
    ) -> Iterator[Outcome]:
        ended = self._drop(worker)
        how = f"ended the process that simulated it ({ended})"
        if record := killed(request, worker.trace(), how):
            yield request, record
        elif request in self._died_once:
            yield request, failed_record(request, Failure.LOST, _lost(request, ended))
        else:
            self._died_once.add(request)
            waiting.appendleft(request)

    def _give_up(self, worker: Worker, problem: str) -> Outcome:
        request = worker.request
        assert request is not None
        foreign = foreign_plugins(request)
        stack = worker.stack()
        guilty = blame(stack, foreign) or " or ".join(each.name for each in foreign)
        worker.process.kill()
        self._drop(worker)
        error = f"plugin {guilty}: {problem}; the process was ended"
        return request, failed_record(request, Failure.POLICY, error, stack)


def _lost(request: RunRequest, ended: str) -> str:
    foreign = " or ".join(each.name for each in foreign_plugins(request))
    said = f"the process that simulated it died, twice ({ended})"
    if foreign:
        return f"plugin {foreign}: {said}"
    memory = "; the system may have been out of memory (fewer --jobs need less)"
    return said + (memory if ended == "SIGKILL" else "")
