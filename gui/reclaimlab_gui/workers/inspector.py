"""Makes runs again with every task recorded, in a process that a cancel ends."""

from __future__ import annotations

import pickle
import threading
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal

from reclaimlab.errors import ReclaimlabError
from reclaimlab.runs.inspect import inspect_run
from reclaimlab.scenarios.reader import read_scenario
from reclaimlab_gui.workers.background import Background

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from reclaimlab.measure.timeline import Timeline
    from reclaimlab.store.records import RunRecord

_POLL_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Inspection:
    """Which run to make again, and from when on to keep what its tasks do."""

    record: RunRecord
    from_ns: int
    until_ns: int


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
    context = get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_serve, args=(theirs, wanted), daemon=True)
    process.start()
    theirs.close()
    try:
        return _answer(ours, process, stopping)
    finally:
        process.kill()
        process.join()
        ours.close()


def _answer(ours: Connection, process: BaseProcess, stopping: threading.Event) -> Timeline | None:
    while not ours.poll(_POLL_S):
        if stopping.is_set():
            return None
        if not process.is_alive() and not ours.poll(0):
            msg = f"the process that made the run again has died (exit code {process.exitcode})"
            raise ReclaimlabError(msg)
    found: Timeline | str = pickle.loads(ours.recv_bytes())
    if isinstance(found, str):
        raise ReclaimlabError(found)
    return found


def _serve(theirs: Connection, wanted: Inspection) -> None:
    record = wanted.record
    found: Timeline | str
    try:
        found = inspect_run(
            read_scenario(record.scenario_text, record.scenario),
            record.contender,
            record.seed,
            from_ns=wanted.from_ns,
            until_ns=wanted.until_ns,
        )
    except Exception as error:
        found = f"{record.contender}, seed {record.seed}: {error}"
    theirs.send_bytes(pickle.dumps(found))
