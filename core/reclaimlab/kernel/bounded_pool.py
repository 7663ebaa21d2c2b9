"""A pool with a fixed number of workers: an unbound workqueue limited by max_active.

Follows kernel/workqueue.c of v3.10. The workers of an unbound pool do not count towards its
concurrency (WORKER_UNBOUND), so each item gets one at once, up to max_active. Departure: they are
made beforehand, so that nothing but the limit holds an item back.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from reclaimlab.engine.wait import WaitQueue
from reclaimlab.kernel import workqueue
from reclaimlab.policy.gfp import PF_KTHREAD, PF_WQ_WORKER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reclaimlab.engine.task import Steps, Task
    from reclaimlab.kernel.kernel import Kernel


class BoundedPool(workqueue.WorkerPool):
    """``max_active`` workers that take items in order; no manager, no rescuer."""

    __slots__ = ("tasks", "wait")

    def __init__(self, k: Kernel, max_active: int) -> None:
        super().__init__(k, -1, 0)
        k.pools.remove(self)  # its workers are never counted as running
        self.worklist = deque()
        self.wait = WaitQueue(k.loop, "worker_thread", state="S")
        self.tasks: list[Task] = [
            k.spawn(f"kworker/u:{number}", worker_thread(k, self), flags=PF_KTHREAD | PF_WQ_WORKER)
            for number in range(1, max_active + 1)
        ]

    def members(self) -> Iterable[Task]:
        """Return the tasks that take items from its list."""
        return self.tasks

    def wake_up_worker(self) -> None:
        """Wake a worker that idles."""
        self.wait.wake_one()


def worker_thread(k: Kernel, pool: BoundedPool) -> Steps:
    """Work, then idle."""
    while True:
        while pool.worklist:
            yield from workqueue.process_one_work(k, pool.worklist.popleft())
        yield pool.wait
