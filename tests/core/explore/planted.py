"""Faults planted in the completion of bare-xfs; run as a program: ``planted.py FAULT``.

A program of its own, as the model must be imported copyable before anything else is. Prints, as
JSON, each violated property with the number of steps that show it.
"""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reclaimlab.explore import universe

if __name__ == "__main__":
    universe.enter(("planted",))
    sys.path.insert(0, str(Path(__file__).parent))
    import planted  # type: ignore[import-not-found]  # beside this file; so its generators are copyable

    planted.search(sys.argv[1], reduce="whole" not in sys.argv)
    raise SystemExit

from reclaimlab.engine.locks import Mutex
from reclaimlab.fs.bare_xfs import BareXfs
from reclaimlab.kernel import bounded_pool, workqueue
from reclaimlab.policy.gfp import PF_KTHREAD, PF_WQ_WORKER

if TYPE_CHECKING:
    from reclaimlab.engine.task import Steps
    from reclaimlab.kernel.kernel import Kernel


class LostWakeUp(BareXfs):
    """The interrupt wakes a worker, and something later than it queues the item."""

    def end_bio(self, unit: Any) -> None:
        """Wake first; queue when the softirq comes."""
        self.pool.wake_up_worker()
        self.k.loop.call_after(1, partial(self.queue_quietly, unit))

    def queue_quietly(self, unit: Any) -> None:
        """Queue as whoever has woken the worker already."""
        work = workqueue.Work(self.wq, partial(self.xfs_end_io, self.k, unit), "xfs_end_io")
        work.pool = self.pool
        unit.completer.work = work
        self.pool.worklist.append(work)


class ForgetfulPool(bounded_pool.BoundedPool):
    """Its workers idle after one item, without a look whether another has come meanwhile."""

    def __init__(self, k: Kernel, max_active: int) -> None:
        super().__init__(k, 1)
        del max_active
        k.loop.ready.remove(self.tasks[0])
        k.loop.tasks.remove(self.tasks[0])
        self.tasks[:] = [
            k.spawn("kworker/u:1", forgetful_thread(k, self), flags=PF_KTHREAD | PF_WQ_WORKER)
        ]


def forgetful_thread(k: Kernel, pool: ForgetfulPool) -> Steps:
    """Work once for each time it is woken."""
    while True:
        yield pool.wait
        if pool.worklist:
            yield from workqueue.process_one_work(k, pool.worklist.popleft())


class NoRecheck(BareXfs):
    """A completion that has a pool which forgets, and sleeps in the middle of its work."""

    def __init__(self, *place: Any) -> None:
        super().__init__(*place)
        for task in self.pool.tasks:
            self.k.loop.ready.remove(task)
            self.k.loop.tasks.remove(task)
        self.pool = ForgetfulPool(self.k, 1)

    def xfs_setfilesize(self, k: Kernel, memcg: Any) -> Steps:
        """Let others in before the allocation."""
        yield k.congestion_wait_queue.for_at_most(1)
        yield from BareXfs.xfs_setfilesize(self, k, memcg)


class Inversion(BareXfs):
    """write() takes IOLOCK and then ILOCK, a completion ILOCK and then IOLOCK."""

    def __init__(self, *place: Any) -> None:
        super().__init__(*place)
        self.iolock = Mutex(self.k.loop, "IOLOCK")
        self.ilock = Mutex(self.k.loop, "ILOCK")

    def vfs_write(
        self, k: Kernel, mapping: Any, process: Any, index: int, nr: int, copy_ns: int
    ) -> Steps:
        """Hold both for the size's sake."""
        yield from self.iolock.mutex_lock(k.current)
        yield 1
        yield from self.ilock.mutex_lock(k.current)
        self.ilock.unlock()
        wrote = yield from BareXfs.vfs_write(self, k, mapping, process, index, nr, copy_ns)
        self.iolock.unlock()
        return wrote

    def xfs_end_io(self, k: Kernel, unit: Any) -> Steps:
        """Hold both, the other way round."""
        yield from self.ilock.mutex_lock(k.current)
        yield k.congestion_wait_queue.for_at_most(1)
        yield from self.iolock.mutex_lock(k.current)
        yield from BareXfs.xfs_end_io(self, k, unit)
        self.iolock.unlock()
        self.ilock.unlock()


class Dropped(BareXfs):
    """The end of the first page's writeback is forgotten; every other page's is not."""

    def __init__(self, *place: Any) -> None:
        super().__init__(*place)
        self.drops = True

    def end_bio(self, unit: Any) -> None:
        """Forget one."""
        if self.drops:
            self.drops = False
        else:
            super().end_bio(unit)


FAULTS = {
    "none": BareXfs,
    "lost-wake-up": LostWakeUp,
    "no-recheck": NoRecheck,
    "inversion": Inversion,
    "dropped": Dropped,
}


def search(fault: str, *, reduce: bool) -> None:
    """Search tiny-completion with the fault in its filesystem."""
    from reclaimlab.explore.child import explore_here
    from reclaimlab.explore.request import ExploreRequest
    from reclaimlab.machine import assemble
    from reclaimlab.scenarios.canonical import scenario_toml
    from reclaimlab.scenarios.reader import load_scenario

    assemble.FILESYSTEMS["bare-xfs"] = FAULTS[fault]
    scenario = load_scenario("tiny-completion", ("pages=2", "writer_gfp=fs"))
    found = explore_here(
        ExploreRequest(
            scenario_toml(scenario), fault, "linux-3.10+may-enter-fs", max_seconds=60, reduce=reduce
        )
    )
    violated = {name: [each.what, len(each.steps)] for name, each in found.violations.items()}
    sys.stdout.write(json.dumps({"exhausted": found.exhausted, "violated": violated}))
