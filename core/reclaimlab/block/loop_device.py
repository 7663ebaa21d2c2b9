"""A loop device: its requests are served by a thread that writes them to a file.

Follows drivers/block/loop.c of v3.10. Unlike a disk it does not go on by itself: whoever waits for
one of its requests waits for the thread.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from reclaimlab.block.device import BlockDevice
from reclaimlab.engine.wait import WaitQueue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from reclaimlab.engine.loop import Loop
    from reclaimlab.engine.rng import Stream
    from reclaimlab.engine.task import Steps, Task
    from reclaimlab.engine.wait import Resource


class Bio(NamedTuple):
    """One request of the upper device; ``size`` in bytes."""

    size: int
    write: bool
    on_done: Callable[[], None]


class LoopDevice(BlockDevice):
    """A block device without hardware: a queue of bios and a thread that serves it.

    Attributes:
        bios: what waits for the thread. wake: where the thread idles. thread: the task that serves.
    """

    __slots__ = ("bios", "thread", "wake")

    autonomous = False

    def __init__(self, loop: Loop, stream: Stream, name: str, *, rate: int) -> None:
        super().__init__(loop, stream, name, write_bw=rate, read_bw=rate, legacy=False)
        self.bios: deque[Bio] = deque()
        self.thread: Task | None = None
        self.wake = WaitQueue(loop, "lo_event", state="S")

    def releasers(self) -> Iterable[Task | Resource]:
        """Return the thread that serves it."""
        return (self.thread,) if self.thread is not None else ()

    def in_flight(self) -> int:
        """Return the bios that wait."""
        return len(self.bios)

    def submit_now(
        self,
        size: int,
        on_done: Callable[[], None],
        *,
        write: bool,
        flush: bool = False,
        sync: bool = False,
    ) -> None:
        """Queue a bio for the thread."""
        del flush, sync
        self.bios.append(Bio(size, write, on_done))
        self.requests += 1
        self.wake.wake_one()

    def submit_bio(
        self,
        size: int,
        on_done: Callable[[], None],
        *,
        write: bool,
        flush: bool = False,
        merges: bool = False,
    ) -> Steps:
        """Queue a bio for the thread; a loop device has no limit of requests."""
        del flush, merges
        self.submit_now(size, on_done, write=write)
        yield 0

    def end(self, bio: Bio) -> None:
        """The thread has served a bio."""
        if bio.write:
            self.written_bytes += bio.size
        else:
            self.read_bytes += bio.size
        bio.on_done()
