"""What happens while runs go on, as typed events for whoever shows progress."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reclaimlab.store.records import RunRecord


@dataclass(frozen=True, slots=True)
class RunFinished:
    """A run came to a verdict."""

    record: RunRecord
    done: int
    """Runs that are over, this one included."""
    planned: int


@dataclass(frozen=True, slots=True)
class RunFailed:
    """A run has no result; the others go on."""

    record: RunRecord
    done: int
    planned: int


RunEvent = RunFinished | RunFailed
Observer = Callable[[RunEvent], None]


def event_of(record: RunRecord, done: int, planned: int) -> RunEvent:
    """Return the event that tells of ``record``."""
    return (RunFailed if record.failure else RunFinished)(record, done, planned)
