"""Trace records: what happened, when, in which task, for observers and exports.

Nothing is recorded unless someone asked: a run without a trace pays one test per event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from reclaimlab.engine.task import Task


class TraceEvent(NamedTuple):
    """One event; ``name`` is a kernel tracepoint where there is one."""

    time_ns: int
    task: str
    pid: int
    name: str
    arguments: tuple[tuple[str, int | str], ...]


class Trace:
    """Collects events and hands each to its observers; a subclass may follow the tasks too."""

    def __init__(self, *, keep: bool = True) -> None:
        self.events: list[TraceEvent] = []
        self.observers: list[Callable[[TraceEvent], None]] = []
        self._keep = keep

    def emit(self, time_ns: int, task: Task | None, name: str, **arguments: int | str) -> None:
        """Record one event; without a task it happened in interrupt context."""
        event = TraceEvent(
            time_ns,
            task.name if task else "<idle>",
            task.pid if task else 0,
            name,
            tuple(arguments.items()),
        )
        if self._keep:
            self.events.append(event)
        for observer in self.observers:
            observer(event)

    # ---- a task's life: called by the loop ------------------------------------------------------

    def spawned(self, time_ns: int, task: Task) -> None:
        """Note that ``task`` was started."""

    def blocked(self, time_ns: int, task: Task) -> None:
        """Record that ``task`` went to sleep, and on what."""
        self.emit(time_ns, task, "sched_switch", prev_state=task.state, waits_for=task.waits_for())

    def woken(self, time_ns: int, task: Task, waker: Task | None) -> None:
        """Note that ``task`` can run again; without a waker an interrupt or a timer did it."""

    def ended(self, time_ns: int, task: Task) -> None:
        """Note that ``task`` is no more."""
