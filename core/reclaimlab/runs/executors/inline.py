"""Runs one after the other in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from reclaimlab.runs.executors.base import Ended, without_series
from reclaimlab.runs.foreign import foreign_plugins
from reclaimlab.runs.pool import run_all
from reclaimlab.runs.run import RunRequest, RunStoppedError, Stop, never, record_run

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reclaimlab.store.records import RunRecord


class InlineExecutor:
    """No process but this one."""

    width = 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def run(self, requests: Iterable[RunRequest], *, stop: Stop = never) -> Iterator[Ended]:
        """Yield each run when it is over."""
        for request in requests:
            if stop():
                return
            try:
                record = _simulated(request, stop)
            except RunStoppedError:
                return
            yield Ended(request, without_series(record))


def _simulated(request: RunRequest, stop: Stop) -> RunRecord:
    # A plugin of somebody else never shares a process with the caller.
    if not foreign_plugins(request):
        return record_run(request, stop=stop)
    for _, record in run_all([request], stop=stop):
        return record
    raise RunStoppedError
