"""Runs of this machine, of which those with somebody else's plugin are held to limits apart."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final, Self

from reclaimlab.runs.executors.base import Ended, Executor, without_series
from reclaimlab.runs.foreign import foreign_plugins, unusable
from reclaimlab.runs.pool import run_all
from reclaimlab.runs.run import RunRequest, Stop, never

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MOST_HELD: Final = 256
"""Runs that wait for the processes with limits: those start once for so many."""


class GuardedExecutor:
    """Our own runs on ``inner``, the others in processes of :func:`run_all`."""

    def __init__(self, inner: Executor) -> None:
        self._inner = inner

    @property
    def width(self) -> int:
        """How many runs go on at once."""
        return self._inner.width

    def __enter__(self) -> Self:
        self._inner.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._inner.__exit__(None, None, None)

    def run(self, requests: Iterable[RunRequest], *, stop: Stop = never) -> Iterator[Ended]:
        """Yield each run when it is over."""
        source, held = iter(requests), list[RunRequest]()

        def ours(first: RunRequest) -> Iterator[RunRequest]:
            for request in chain([first], source):
                if not (foreign_plugins(request) or unusable(request)):
                    yield request
                    continue
                held.append(request)
                if len(held) == _MOST_HELD:
                    return

        while not stop() and (first := next(source, None)) is not None:
            yield from self._inner.run(ours(first), stop=stop)
            for request, record in run_all(held, jobs=self.width, stop=stop):
                yield Ended(request, without_series(record))
            held.clear()
