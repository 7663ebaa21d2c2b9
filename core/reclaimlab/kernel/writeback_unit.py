"""A writeback unit: the pages whose writeback ends at the same moment.

One unit is what a filesystem finishes as one: an XFS ioend, an ext4 io_end or bio, a swap write. It
has four separate times (marked, submitted, device done, ended), because most wrong models of this
path merge them: between *marked* and *submitted* only the submitting task can help, between *done*
and *ended* only a worker that can run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reclaimlab.engine.wait import WaitQueue

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reclaimlab.engine.loop import Loop
    from reclaimlab.engine.task import Task
    from reclaimlab.engine.wait import Resource
    from reclaimlab.kernel.folio import Extent, Mapping


class WritebackUnit:
    """Pages under writeback that will end together.

    States, by which of the times are set: *marked* (PG_writeback, owned by ``submitter``),
    *submitted* (in the request queue or the device), *done* (the device has written it; waits for
    completion work, or ends at once), *ended*.

    Attributes:
        extents: its pages; a dict for order with quick removal.
        completer: who must run to end it once the device is done; None if the interrupt does.
    """

    __slots__ = (
        "_loop", "_queue", "appends", "completer",
        "device", "done_ns", "ended_ns", "extents", "label", "mapping", "marked_ns",
        "nr_pages", "private", "submitted_ns", "submitter", "unwritten", "wb",
    )  # fmt: skip

    def __init__(self, loop: Loop, mapping: Mapping, label: str, submitter: Task | None) -> None:
        self.mapping = mapping
        self.label = label
        self.submitter = submitter
        self.extents: dict[Extent, None] = {}
        self.nr_pages = 0
        self.marked_ns = loop.now
        self.submitted_ns = -1
        self.done_ns = -1
        self.ended_ns = -1
        self.appends = False
        """It extends the file beyond its on-disk size."""
        self.unwritten = False
        """It writes to unwritten extents: a conversion is due."""
        self.completer: Resource | None = None
        self.device: Any = None
        """Where it was submitted to."""
        self.private: Any = None
        self.wb: Any = None
        self._loop = loop
        self._queue: WaitQueue | None = None

    def __repr__(self) -> str:
        stage = (
            "ended"
            if self.ended_ns >= 0
            else "done"
            if self.done_ns >= 0
            else "submitted"
            if self.submitted_ns >= 0
            else "marked"
        )
        return f"<{self.label} {self.nr_pages} pages {stage}>"

    @property
    def queue(self) -> WaitQueue:
        """Where tasks sleep in wait_on_page_bit(PG_writeback); most units end without any."""
        if self._queue is None:
            self._queue = WaitQueue(self._loop, "PG_writeback", resource=self)
        return self._queue

    def waiters(self) -> tuple[Task, ...]:
        """Return the tasks that sleep until it ends."""
        return () if self._queue is None else tuple(self._queue.waiters)

    def wake_all(self) -> None:
        """Wake those tasks."""
        if self._queue is not None:
            self._queue.wake_all()

    def is_due(self, _queue: WaitQueue) -> bool:
        """Return whether it has ended."""
        return self.ended_ns >= 0

    def releasers(self) -> Iterable[Task | Resource]:
        """Return who can bring it to its end, by stage.

        Not yet submitted: its submitter. In the device: the device goes on by itself, so what
        counts is whether the completion can run; if the interrupt does it, nothing can stop it.
        """
        if self.submitted_ns < 0:
            return (self.submitter,) if self.submitter is not None else ()
        if self.done_ns < 0 and self.device is not None and not self.device.autonomous:
            return (self.device,)
        return (self.completer,) if self.completer is not None else (self,)
