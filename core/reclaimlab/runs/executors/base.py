"""What every executor is, and the run function that all of them call."""

from __future__ import annotations

import dataclasses
import pickle
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from reclaimlab.runs.foreign import foreign_plugins
from reclaimlab.runs.isolated import record_isolated
from reclaimlab.runs.limits import Limits
from reclaimlab.runs.run import RunRequest, Stop, failed_record, never
from reclaimlab.store.records import Failure, RunRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType

MOST_TRIES: Final = 3
"""How often a run is handed out before it counts as lost."""
SILENT_S: Final = 120.0
"""A process that gives no sign for so long hangs: a run gives one at every sample, and the
slowest samples of the library take a second."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that is over, and what it took."""

    request: RunRequest
    record: RunRecord
    """Without its series; the hash of the result is of the whole."""
    retries: int = 0
    """How often the run was lost with its worker and handed out again."""


class LostError(Exception):
    """A worker is gone, and the run it was on with it."""


class Executor(Protocol):
    """Where runs are simulated; use it as a context manager."""

    @property
    def width(self) -> int:
        """How many runs go on at once."""

    def __enter__(self) -> Executor: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def run(self, requests: Iterable[RunRequest], *, stop: Stop = never) -> Iterator[Ended]:
        """Yield each run when it is over; ``requests`` is read only as far as there is room.

        A run whose worker dies or falls silent is handed out again, :data:`MOST_TRIES` times in
        all; then its record says :attr:`Failure.LOST`. Once ``stop`` says so, nothing more is
        handed out and what is under way is given up.
        """


def patience(request: RunRequest, silent_s: float = SILENT_S) -> float:
    """Return the real seconds without a sign after which ``request`` is taken to hang."""
    if not foreign_plugins(request):
        return silent_s
    return min(silent_s, Limits.from_environment().stuck / 1e9)


def simulate_packed(request: RunRequest, *, stop: Stop = never) -> bytes:
    """Simulate and return the record without its series, as compressed bytes.

    Raises:
        RunStoppedError: ``stop`` said so while it ran.
    """
    return zlib.compress(pickle.dumps(without_series(record_isolated(request, stop=stop))), level=1)


def unpacked(packed: bytes) -> RunRecord:
    """Return the record that :func:`simulate_packed` made."""
    record: RunRecord = pickle.loads(zlib.decompress(packed))
    return record


def without_series(record: RunRecord) -> RunRecord:
    """Return ``record`` without what most of its bytes are; its hash still covers them."""
    if record.result is None:
        return record
    return dataclasses.replace(record, result=dataclasses.replace(record.result, series=()))


def lost(request: RunRequest, why: str) -> Ended:
    """Return what is left of a run that was lost each time it was handed out."""
    error = f"{why}, {MOST_TRIES} times; the same command tries it again"
    return Ended(request, failed_record(request, Failure.LOST, error), MOST_TRIES - 1)
