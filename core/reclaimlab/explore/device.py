"""A device whose requests end in any order, at any time: what hardware is when all is explored."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from reclaimlab.engine.wait import WaitQueue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from reclaimlab.engine.loop import Loop
    from reclaimlab.engine.task import Steps

SUBMIT_NS = 5_000


class AnyOrderDevice:
    """Stands where block.BlockDevice does; its queue is never full nor congested.

    Every request that ends wakes those in congestion_wait(), as one on an uncongested legacy queue
    does.
    """

    __slots__ = ("_loop", "in_queue", "irq_cpu", "label", "legacy", "name", "tags", "wake")

    autonomous = True

    def __init__(self, loop: Loop, name: str, *, irq_cpu: int, legacy: bool) -> None:
        self._loop = loop
        self.name = name
        self.label = f"device {name}"
        self.irq_cpu = irq_cpu
        self.legacy = legacy
        self.in_queue = 0
        self.wake: Callable[[], None] | None = None
        self.tags = WaitQueue(loop, "get_request_wait", resource=self)

    def releasers(self) -> Iterable[Any]:
        """A device goes on by itself."""
        return (self,)

    @property
    def listening(self) -> Any:
        """Not looked at: those who wait are woken anyway."""
        return None

    @listening.setter
    def listening(self, asks: Any) -> None:
        del asks

    @property
    def on_uncongested(self) -> Any:
        """What wakes the congestion waiters."""
        return self.wake

    @on_uncongested.setter
    def on_uncongested(self, wake: Callable[[], None]) -> None:
        self.wake = wake

    def write_congested(self) -> bool:
        """Never."""
        return False

    def in_flight(self) -> int:
        """Return the requests that have not ended."""
        return self.in_queue

    def expect_uncongested(self) -> None:
        """Nothing to prepare: every end wakes."""

    def submit_now(self, size: int, on_done: Callable[[], None], **how: bool) -> None:
        """Take a request; it ends at some time."""
        del size, how
        self.in_queue += 1
        self._loop.call_at(0, partial(self._done, on_done))

    def submit_bio(
        self, size: int, on_done: Callable[[], None], *, write: bool, merges: bool = False
    ) -> Steps:
        """Take a request; none is ever merged."""
        del merges
        self.submit_now(size, on_done, write=write)
        yield SUBMIT_NS

    def blk_finish_plug(self) -> None:
        """Nothing: each bio is a request of its own."""

    def get_request(self) -> Steps:
        """Return at once: there is always room."""
        yield from ()

    def _done(self, on_done: Callable[[], None]) -> None:
        self.in_queue -= 1
        on_done()
        if self.legacy and self.wake is not None:
            self.wake()
