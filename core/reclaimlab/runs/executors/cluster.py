"""Runs on a Dask scheduler (extra ``cluster``): one that is there, or one of our own.

Its scheduler finds the workers, feeds them and replaces those that die. A few runs more than there
are threads are handed out ahead, so that the scheduler holds hundreds of tasks, never all.
"""

from __future__ import annotations

import contextlib
import logging
from collections import Counter
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, Self

from reclaimlab.errors import ReclaimlabError
from reclaimlab.runs.executors.base import MOST_TRIES, Ended, lost, simulate_packed, unpacked
from reclaimlab.runs.run import RunRequest, Stop, never
from reclaimlab.runs.sources import model_hash

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LOCAL: Final = "local"
_CONNECT_S: Final = 5
_AHEAD: Final = 2
_DIED: Final = "its worker on the cluster died"


class ClusterError(ReclaimlabError):
    """A cluster that cannot be used."""


class ClusterExecutor:
    """A Dask scheduler.

    Args:
        address: such as ``tcp://head:8786``; ``local`` starts one here.
        jobs: worker processes of a local one.

    States: nothing happens before it is entered; then it is connected until it is left.

    Raises:
        ClusterError: on entering: Dask is not installed, nobody answers, or a worker has another
            reclaimlab.
    """

    def __init__(self, address: str, jobs: int) -> None:
        self._address = address
        self._jobs = jobs
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
        from distributed import as_completed

        source = iter(requests)
        under_way: dict[Any, RunRequest] = {}
        tries: Counter[int] = Counter()
        ended = as_completed(loop=self._client.loop)
        self._hand_out(source, under_way, ended)
        while under_way and not stop():
            future = next(ended)
            request = under_way.pop(future)
            packed = self._packed(future)
            if packed is not None:
                yield Ended(request, unpacked(packed), tries.pop(request.number, 0))
            elif (again := tries[request.number] + 1) < MOST_TRIES:
                tries[request.number] = again
                self._submit(request, under_way, ended)
            else:
                yield lost(request, _DIED)
            self._hand_out(source, under_way, ended)
        self._client.cancel(list(under_way))

    def _connect(self) -> None:
        import dask
        from distributed import Client, LocalCluster

        # A worker's death is ours to count: the scheduler is not to hide any.
        dask.config.set({"distributed.scheduler.allowed-failures": 0})
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

    def _hand_out(
        self, source: Iterator[RunRequest], under_way: dict[Any, RunRequest], ended: Any
    ) -> None:
        while len(under_way) < _AHEAD * self.width:
            request = next(source, None)
            if request is None:
                return
            self._submit(request, under_way, ended)

    def _submit(self, request: RunRequest, under_way: dict[Any, RunRequest], ended: Any) -> None:
        future = self._client.submit(simulate_packed, request, pure=False)
        under_way[future] = request
        ended.add(future)

    def _packed(self, future: Any) -> bytes | None:
        """Return what a run left; None if its worker died."""
        from distributed.scheduler import KilledWorker

        try:
            packed: bytes = future.result()
        except KilledWorker:
            return None
        return packed
