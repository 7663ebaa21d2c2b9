"""What must hold at every moment: counts equal to a recount, no page in two states or two places.

And nobody is asleep on what has come true. A violation is a bug of the model, never of a user's
scenario or policy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.engine.wait import Watched
from reclaimlab.errors import InvariantError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reclaimlab.kernel.folio import LruList
    from reclaimlab.kernel.kernel import Kernel
    from reclaimlab.kernel.memcontrol import MemCgroup


def check(k: Kernel) -> None:
    """Recount everything.

    Raises:
        InvariantError: naming each count that is off.
    """
    faults = [*_memcg_faults(k), *_machine_faults(k), *_worker_faults(k), *_waiter_faults(k)]
    if faults:
        msg = f"at {k.loop.now} ns: " + "; ".join(faults)
        raise InvariantError(msg)


def _lists(memcg: MemCgroup) -> tuple[LruList, ...]:
    lruvec = memcg.lruvec
    return lruvec.inactive_anon, lruvec.active_anon, lruvec.inactive_file, lruvec.active_file


def _memcg_faults(k: Kernel) -> Iterator[str]:
    for memcg in k.memcgs:
        for lru in _lists(memcg):
            extents = list(lru)
            total = sum(extent.nr for extent in extents)
            if total != lru.nr:
                yield f"{lru.name} counts {lru.nr} pages and holds {total}"
            yield from (
                f"{extent!r} is on {lru.name} and says otherwise"
                for extent in extents
                if extent.lru is not lru
            )
            yield from (
                f"{extent!r} has no pages and is on {lru.name}"
                for extent in extents
                if extent.nr <= 0
            )
        if memcg.usage < 0 or memcg.nr_dirty < 0 or memcg.nr_writeback < 0:
            yield f"{memcg!r} has {memcg.nr_dirty} dirty and {memcg.nr_writeback} writeback pages"


def _machine_faults(k: Kernel) -> Iterator[str]:
    dirty = sum(memcg.nr_dirty for memcg in k.memcgs)
    writeback = sum(memcg.nr_writeback for memcg in k.memcgs)
    if dirty != k.nr_dirty:
        yield f"{k.nr_dirty} pages are dirty and the memcgs have {dirty}"
    if writeback != k.nr_writeback:
        yield f"{k.nr_writeback} pages are under writeback and the memcgs have {writeback}"
    on_wbs = sum(wb.nr_dirty for wb in k.wbs)
    if on_wbs != k.nr_dirty:
        yield f"{k.nr_dirty} pages are dirty and the flushers have {on_wbs}"
    if k.zone.free < 0:
        yield f"{k.zone.free} pages are free"
    # Without isolated pages: a batch counts as such to its end, what it freed is free at once.
    listed = k.zone.free + sum(lru.nr for memcg in k.memcgs for lru in _lists(memcg))
    if listed > k.zone.managed:
        yield f"{listed} pages are free or listed and the zone has {k.zone.managed}"


def _worker_faults(k: Kernel) -> Iterator[str]:
    for pool in k.pools:
        running = sum(worker.running and worker.task.state == "R" for worker in pool.workers)
        if running != pool.nr_running:
            counted = pool.nr_running
            yield f"pool of cpu {pool.cpu} counts {counted} running workers and has {running}"


def _waiter_faults(k: Kernel) -> Iterator[str]:
    """Tell each sleeper that its queue does not know, and each whose wake-up was lost."""
    queues = {
        id(task.waits_on): task.waits_on for task in k.loop.tasks if task.waits_on is not None
    }
    for task in k.loop.tasks:
        if task.alive and task.waits_on is not None and task not in task.waits_on.waiters:
            yield f"{task!r} sleeps where nobody knows of it"
    for queue in queues.values():
        yield from (
            f"{task!r} is to be woken by {queue.name} too"
            for task in queue.waiters
            if task.waits_on is not queue
        )
        resource = queue.resource
        if queue.waiters and isinstance(resource, Watched) and resource.is_due(queue):
            yield f"{queue.waiters[0]!r} waits for {resource.label}, which it could have"
