"""Locks that know who holds them: mutex, reader-writer semaphore.

Waiters are served in the order they came and the lock is handed over, so nobody barges in. Each
lock is the resource of its own queue: its releasers are its holders.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.engine.wait import WaitQueue

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reclaimlab.engine.loop import Loop
    from reclaimlab.engine.task import Steps, Task
    from reclaimlab.engine.wait import Resource


class Mutex:
    """One holder at a time."""

    __slots__ = ("_loop", "holder", "label", "queue")

    def __init__(self, loop: Loop, label: str) -> None:
        self._loop = loop
        self.label = label
        self.holder: Task | None = None
        self.queue = WaitQueue(loop, label, resource=self)

    def releasers(self) -> Iterable[Task | Resource]:
        """Return the holder."""
        return (self.holder,) if self.holder is not None else ()

    def is_due(self, _queue: WaitQueue) -> bool:
        """Return whether nobody holds it: it should have been handed over."""
        return self.holder is None

    def trylock(self, task: Task) -> bool:
        """Take it if it is free and nobody waits; return whether it was."""
        if self.holder is None:
            self.holder = task
            return True
        return False

    def mutex_lock(self, task: Task) -> Steps:
        """Take it, sleeping until it is handed over."""
        if self.holder is None:
            self.holder = task
        else:
            yield self.queue

    def unlock(self) -> None:
        """Hand it to the first who waits."""
        waiters = self.queue.waiters
        if not waiters:
            self.holder = None
            return
        self.holder = waiters[0]
        self.queue.wake_one()


class RwSem:
    """Many readers or one writer; a waiting writer blocks later readers."""

    __slots__ = ("_loop", "_wanted", "label", "queue", "readers", "writer")

    def __init__(self, loop: Loop, label: str) -> None:
        self._loop = loop
        self.label = label
        self.readers: list[Task] = []
        self.writer: Task | None = None
        self.queue = WaitQueue(loop, label, resource=self)
        self._wanted: list[bool] = []
        """For each waiter in the queue: does it want to write?"""

    def releasers(self) -> Iterable[Task | Resource]:
        """Return the holders. All readers must go for a writer: the first is enough for a proof."""
        if self.writer is not None:
            return (self.writer,)
        return (self.readers[0],) if self.readers else ()

    def is_due(self, _queue: WaitQueue) -> bool:
        """Return whether the first who waits could have it."""
        return self.writer is None and not (self._wanted[0] and self.readers)

    def down_write_trylock(self, task: Task) -> bool:
        """Take it for writing if it is free; return whether it was."""
        if self.writer is None and not self.readers:
            self.writer = task
            return True
        return False

    def down_read_trylock(self, task: Task) -> bool:
        """Take it for reading if no writer holds or wants it; return whether it could."""
        if self.writer is None and not self._wanted:
            self.readers.append(task)
            return True
        return False

    def down_write(self, task: Task) -> Steps:
        """Take it for writing."""
        if not self.down_write_trylock(task):
            self._wanted.append(True)
            yield self.queue

    def down_read(self, task: Task) -> Steps:
        """Take it for reading."""
        if not self.down_read_trylock(task):
            self._wanted.append(False)
            yield self.queue

    def up_write(self) -> None:
        """Let go of it as the writer."""
        self.writer = None
        self._hand_over()

    def up_read(self, task: Task) -> None:
        """Let go of it as a reader."""
        self.readers.remove(task)
        if not self.readers:
            self._hand_over()

    def _hand_over(self) -> None:
        waiters = self.queue.waiters
        if waiters and self._wanted[0]:
            self._wanted.pop(0)
            self.writer = waiters[0]
            self.queue.wake_one()
            return
        while waiters and not self._wanted[0]:
            self._wanted.pop(0)
            self.readers.append(waiters[0])
            self.queue.wake_one()
