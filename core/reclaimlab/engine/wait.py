"""What a task can wait on: queues, with and without a time limit, and completions.

A wait queue knows, through its *resource*, who could ever wake it: that makes a deadlock provable
(waitgraph.py). A queue without a resource is an idle place: whoever waits there wants no help.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reclaimlab.engine.loop import Loop
    from reclaimlab.engine.task import Task


class Resource(Protocol):
    """Something a task can wait for."""

    @property
    def label(self) -> str:
        """What a report calls it."""
        ...

    def releasers(self) -> Iterable[Task | Resource]:
        """Return those of whom **any one**, going on, can release it; itself never."""
        ...


@runtime_checkable
class Watched(Resource, Protocol):
    """A resource that can tell a wake-up that was lost, for the checks of the engine."""

    def is_due(self, queue: WaitQueue) -> bool:
        """Return whether what the first sleeper of ``queue``, one of its own, waits for is true."""
        ...


class Always:
    """A resource that the world outside releases: a device at work, a pending interrupt."""

    __slots__ = ("label",)

    def __init__(self, label: str) -> None:
        self.label = label

    def releasers(self) -> Iterable[Task | Resource]:
        """Return itself: by convention that means alive."""
        return (self,)


class WaitQueue:
    """Tasks asleep, first in first out.

    Attributes:
        name: the kernel's name of what is waited for.
        state: how the sleepers show: ``S`` interruptible, ``D`` uninterruptible, ``K`` killable.
        resource: who can wake them; None for an idle place.
    """

    __slots__ = ("_loop", "_ready", "name", "resource", "state", "uninterruptible", "waiters")

    def __init__(
        self, loop: Loop, name: str, *, state: str = "D", resource: Resource | None = None
    ) -> None:
        self._loop = loop
        self._ready = loop.ready
        self.name = name
        self.state = state
        self.uninterruptible = state == "D"
        self.resource = resource
        self.waiters: deque[Task] = deque()

    def __repr__(self) -> str:
        return f"<WaitQueue {self.name}, {len(self.waiters)} waiting>"

    def wake_one(self, value: object = True) -> bool:
        """Make the first sleeper runnable; return whether there was one."""
        waiters = self.waiters
        if not waiters:
            return False
        task = waiters.popleft()
        if task.attended or (self.uninterruptible and task.since_ns != self._loop.now):
            self._loop.make_ready(task, value)
            return True
        # What is left of make_ready() when nobody looks on and no time has passed: a call to it
        # would be a fifth of the wake-up.
        task.waits_on = None
        task.value = value
        self._ready.append(task)
        return True

    def wake_all(self, value: object = True) -> None:
        """Make every sleeper runnable, in the order they came."""
        waiters, make_ready = self.waiters, self._loop.make_ready
        while waiters:
            make_ready(waiters.popleft(), value)

    def for_at_most(self, delay_ns: int) -> TimedWait:
        """Return something to yield: sleep here, but no longer than ``delay_ns``.

        The yield gives True when woken and False when the time ran out.
        """
        return TimedWait(self, delay_ns)


class TimedWait:
    """A wait with a time limit; see :meth:`WaitQueue.for_at_most`."""

    __slots__ = ("delay_ns", "queue")

    def __init__(self, queue: WaitQueue, delay_ns: int) -> None:
        self.queue = queue
        self.delay_ns = delay_ns


class Choice:
    """A free choice among ``count`` outcomes; the yield gives the index that the order picked."""

    __slots__ = ("count",)

    def __init__(self, count: int) -> None:
        self.count = count


class Completion:
    """A flag that is set once: waiting before it sleeps, waiting after it does not."""

    __slots__ = ("done", "queue")

    def __init__(
        self, loop: Loop, name: str, *, resource: Resource | None = None, state: str = "D"
    ) -> None:
        self.done = False
        self.queue = WaitQueue(loop, name, state=state, resource=resource)

    def complete_all(self) -> None:
        """Set the flag and wake all."""
        self.done = True
        self.queue.wake_all()
