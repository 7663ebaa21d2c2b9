"""Makes runs again with every task recorded, in a process that a cancel ends."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from reclaimlab.errors import ReclaimlabError
from reclaimlab.runs.inspect import inspect_record
from reclaimlab.runs.run import RunStoppedError
from reclaimlab_gui.workers.background import Background

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reclaimlab.measure.timeline import Timeline
    from reclaimlab.store.records import RunRecord


@dataclass(frozen=True, slots=True)
class Inspection:
    """Which run to make again, and from when on to keep what its tasks do."""

    record: RunRecord
    from_ns: int
    until_ns: int
    events: bool = False
    """Keep tracepoints and wake-ups too, as a trace file needs them."""

    @property
    def to_the_end(self) -> bool:
        """Whether nothing of the run comes after this."""
        return self.record.result is None or self.until_ns >= self.record.result.ended_ns

    @property
    def part(self) -> str:
        """Which part of the run this is: a line for people; empty if it is all of it."""
        if self.record.result is None or (self.to_the_end and not self.from_ns):
            return ""
        low, high, end = (
            f"{time_ns / 1e9:.3f}".rstrip("0").rstrip(".")
            for time_ns in (self.from_ns, self.until_ns, self.record.result.ended_ns)
        )
        return f"{low} to {high} s of {end} s"


class Inspector(QObject):
    """Inspects one or two runs at a time.

    Signals:
        inspected: a tuple of Timelines, in the order they were asked for.
        failed: why a run cannot be made again: a line for people.
    """

    inspected = Signal(object)
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = Background(self)
        self._background.answered.connect(self.inspected)
        self._background.failed.connect(self.failed)
        self._background.broke.connect(self._on_broke)
        self._stopping = threading.Event()

    @property
    def busy(self) -> bool:
        """Whether a run is being made again."""
        return self._background.busy

    def inspect(self, wanted: Sequence[Inspection]) -> None:
        """Begin; what is under way is given up."""
        self._stopping.set()
        self._stopping = stopping = threading.Event()
        self._background.ask(lambda: tuple(_apart(each, stopping) for each in wanted))

    def stop(self) -> None:
        """Give up, and wait until the process is gone."""
        self._stopping.set()
        self._background.wait()

    def _on_broke(self, error: object) -> None:
        self.failed.emit(f"the run could not be made again: {error}")


def _apart(wanted: Inspection, stopping: threading.Event) -> Timeline | None:
    record = wanted.record
    try:
        return inspect_record(
            record,
            from_ns=wanted.from_ns,
            until_ns=wanted.until_ns,
            events=wanted.events,
            stop=stopping.is_set,
        )
    except RunStoppedError:
        return None
    except ReclaimlabError as error:
        msg = f"{record.contender}, seed {record.seed}: {error}"
        raise ReclaimlabError(msg) from error
