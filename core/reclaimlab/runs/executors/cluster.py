"""Runs on a Dask scheduler (extra ``cluster``): one that is there, or one of our own.

Its scheduler finds the workers, feeds them and replaces those that die. Short runs go to it several
to a task. Twice as many tasks as there are threads are handed out, so that it holds hundreds, never
all.
"""

from __future__ import annotations

import contextlib
import logging
from collections import Counter, deque
from importlib.util import find_spec
from itertools import islice
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Final, Self

from reclaimlab.errors import ReclaimlabError
from reclaimlab.runs.executors.base import MOST_TRIES, SILENT_S, Ended, lost
from reclaimlab.runs.executors.batch import Pace, pack, simulate_batch, unpack_records
from reclaimlab.runs.run import RunRequest, Stop, never
from reclaimlab.runs.sources import model_hash

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LOCAL: Final = "local"
_CONNECT_S: Final = 5
_AHEAD: Final = 2
_POLL_S: Final = 0.1
_DIED: Final = "its worker on the cluster died"
_SETTINGS: Final = {
    # A worker's death is ours to count: the scheduler is not to hide any.
    "distributed.scheduler.allowed-failures": 0,
    # What a cluster of our own does beside our runs took 3 % of two cores: it walked stacks every
    # 10 ms (a simulated task's is deep), timed loops every 20 ms, looked at memory every 100 ms.
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "5s",
    "distributed.admin.system-monitor.gil.enabled": False,
    "distributed.worker.memory.monitor-interval": "2s",
    "distributed.scheduler.active-memory-manager.start": False,
}


class ClusterError(ReclaimlabError):
    """A cluster that cannot be used."""


class ClusterExecutor:
    """A Dask scheduler.

    Args:
        address: such as ``tcp://head:8786``; ``local`` starts one here.
        jobs: worker processes of a local one.
        silent_s: real seconds without a sign of life after which a run is taken to hang; its worker
            ends itself, and the scheduler starts another.

    States: nothing happens before it is entered; then it is connected until it is left.

    Raises:
        ClusterError: on entering: Dask is not installed, nobody answers, or a worker has another
            reclaimlab.
    """

    def __init__(self, address: str, jobs: int, *, silent_s: float = SILENT_S) -> None:
        self._address = address
        self._jobs = jobs
        self._silent_s = silent_s
        self._client: Any = None
        self._cluster: Any = None
        self.width = jobs

    def __enter__(self) -> Self:
        if find_spec("distributed") is None:
            msg = "--cluster needs Dask, which is not installed; pip install 'reclaimlab[cluster]'"
            raise ClusterError(msg)
        try:
            self._connect()
            self._check_workers()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for each in (self._client, self._cluster):
            if each is not None:
                with contextlib.suppress(TimeoutError, OSError):
                    each.close()
        self._client = self._cluster = None

    def worker_pids(self) -> tuple[int, ...]:
        """Return the worker processes of a local cluster."""
        workers = self._cluster.workers.values()
        return tuple(each.pid for each in workers if each.pid is not None)

    def run(self, requests: Iterable[RunRequest], *, stop: Stop = never) -> Iterator[Ended]:
        """Yield each run when it is over."""
        return _Feeding(self._client, self.width, self._address, self._silent_s).run(requests, stop)

    def _connect(self) -> None:
        import dask
        from distributed import Client, LocalCluster

        dask.config.set(_SETTINGS)
        try:
            if self._address == LOCAL:
                self._cluster = LocalCluster(
                    n_workers=self._jobs,
                    threads_per_worker=1,
                    processes=True,
                    dashboard_address=None,
                    silence_logs=logging.CRITICAL,
                )
            self._client = Client(self._cluster or self._address, timeout=_CONNECT_S)
        except (OSError, ValueError, TimeoutError) as error:
            msg = (
                f"no Dask scheduler answers at {self._address} within {_CONNECT_S} s "
                f"({type(error).__name__}); is `dask scheduler` running there? --cluster local "
                "needs none"
            )
            raise ClusterError(msg) from None

    def _check_workers(self) -> None:
        threads = self._client.nthreads()
        if not threads:
            msg = f"the scheduler at {self._address} has no worker; start one with `dask worker`"
            raise ClusterError(msg)
        self.width = sum(threads.values())
        try:
            hashes = self._client.run(model_hash)
        except Exception as error:
            msg = f"the workers at {self._address} cannot import reclaimlab: {error}"
            raise ClusterError(msg) from None
        other = [worker for worker, found in hashes.items() if found != model_hash()]
        if other:
            msg = f"{', '.join(other)}: another reclaimlab is installed there; install this one"
            raise ClusterError(msg)


class _Feeding:
    """One call of :meth:`ClusterExecutor.run`: what is handed out, and what is to be.

    States of a run: in the source, waiting (read ahead, or to be tried again), under way, over.
    """

    def __init__(self, client: Any, width: int, address: str, silent_s: float) -> None:
        self._client = client
        self._width = width
        self._address = address
        self._silent_s = silent_s
        self._under_way: dict[Any, tuple[RunRequest, ...]] = {}
        self._again: deque[RunRequest] = deque()
        self._waiting: deque[RunRequest] = deque()
        self._tries: Counter[int] = Counter()
        self._pace = Pace()
        self._over: SimpleQueue[Any] = SimpleQueue()

    def run(self, requests: Iterable[RunRequest], stop: Stop) -> Iterator[Ended]:
        source = iter(requests)
        self._hand_out(source)
        try:
            while self._under_way and not stop():
                with contextlib.suppress(Empty):
                    future = self._over.get(timeout=_POLL_S)
                    yield from self._hear(future)
                    self._hand_out(source)
        finally:
            self._client.cancel(list(self._under_way))

    def _hand_out(self, source: Iterator[RunRequest]) -> None:
        while len(self._under_way) < _AHEAD * self._width:
            batch = self._next_batch(source)
            if not batch:
                return
            future = self._client.submit(simulate_batch, pack(batch), self._silent_s, pure=False)
            self._under_way[future] = batch
            future.add_done_callback(self._over.put)

    def _next_batch(self, source: Iterator[RunRequest]) -> tuple[RunRequest, ...]:
        # One that was lost is tried by itself: what it did to a worker, it does to no other run.
        if self._again:
            return (self._again.popleft(),)
        # Read ahead so far that the end is seen before it is reached.
        ahead = self._pace.size(None, self._width) * _AHEAD * self._width
        self._waiting.extend(islice(source, max(0, ahead - len(self._waiting))))
        left = len(self._waiting) if len(self._waiting) < ahead else None
        size = self._pace.size(left, self._width)
        return tuple(self._waiting.popleft() for _ in range(min(size, len(self._waiting))))

    def _hear(self, future: Any) -> Iterator[Ended]:
        batch = self._under_way.pop(future)
        packed = self._result(future)
        if packed is None:
            yield from self._bury(batch)
            return
        records, seconds = unpack_records(packed)
        self._pace.took(len(records), seconds)
        self._waiting.extendleft(reversed(batch[len(records) :]))
        for request, record in zip(batch, records, strict=False):
            yield Ended(request, record, self._tries.pop(request.number, 0))

    def _bury(self, batch: tuple[RunRequest, ...]) -> Iterator[Ended]:
        for request in batch:
            self._tries[request.number] += 1
            if self._tries[request.number] < MOST_TRIES:
                self._again.append(request)
            else:
                yield lost(request, _DIED)

    def _result(self, future: Any) -> bytes | None:
        """Return what a batch left; None if its worker died."""
        from concurrent.futures import CancelledError

        from distributed.scheduler import KilledWorker

        try:
            packed: bytes = future.result()
        except KilledWorker:
            return None
        except CancelledError:
            msg = (
                f"the Dask scheduler at {self._address} is gone; what has ended is stored, and the "
                "same command goes on"
            )
            raise ClusterError(msg) from None
        return packed
