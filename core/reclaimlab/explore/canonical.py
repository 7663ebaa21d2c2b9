"""What makes no difference to the future is taken out of a state before it is compared.

- Statistics: counters nobody reads but reports are set to 0. What hangs on frames: see tidy.py.
- Names of pages: the page cache of a file is renumbered, pages on the LRU first, from the oldest,
  then those a reclaimer holds. Nothing but the order among pages not on a list, and the order in
  which one flusher takes them, depends on the numbers: pages are interchangeable.
- Names of workers: workers of a bounded pool are put in order of what they are doing.
- The order of the LRU lists, where it shows in nothing.
- The order in which tasks became runnable and requests were queued: any may go first. So for those
  who nap, and are only ever woken all at once.
"""

from __future__ import annotations

import functools
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from reclaimlab.explore.reduction import unit_of
from reclaimlab.explore.resumable import Frame
from reclaimlab.explore.tidy import tidy
from reclaimlab.kernel.bounded_pool import BoundedPool
from reclaimlab.kernel.scan_control import SWAP_CLUSTER_MAX
from reclaimlab.kernel.writeback_unit import WritebackUnit

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

    from reclaimlab.engine.task import Task
    from reclaimlab.kernel.folio import Extent, LruList, Mapping
    from reclaimlab.kernel.kernel import Kernel

STRIDE = 2
"""Distance between two renumbered pages: they are no neighbours."""


class Order(Enum):
    """What became of the order of the LRU lists in a state."""

    KEPT = auto()
    """It was wanted, or a flusher may be stopped between pages that are not alike."""
    SORTED = auto()
    """The pages are in order of their state: theirs makes no difference."""
    SHOWS = auto()
    """It makes a difference, and has not been kept so far."""


def canonicalise(k: Kernel, ran: Task | None, *, ordered: bool) -> Order:
    """Bring ``k`` into the form that stands for all states like it.

    Args:
        ran: the task that made the last step; only its frames can be other than they were.
        ordered: whether the order of the LRU lists is kept.
    """
    if ran is not None:
        _note_sleeps(k, ran)
        for frame in frames(ran):
            tidy(frame)
        if ran.ended:
            ran.killed, ran.generator = False, None  # nobody asks any more
    _forget_statistics(k)
    held = _holding_pages(k)
    lists = _file_lists(k)
    mappings = _mappings(lists, held)
    pools = _bounded_pools(mappings)
    order = Order.KEPT if ordered else _order(k, lists, held, pools)
    if order is Order.SORTED:
        if not k.loop.timeless:  # with coarse steps it tells no more states alike
            for pool in pools:
                _sort_workers(k, pool, _state)
        _sort_lists(lists, _places(k, pools))
    _renumber_pages(lists, held, mappings)
    for pool in pools:
        _sort_workers(k, pool, _number)
    _sort_pending(k)
    return order


def _note_sleeps(k: Kernel, task: Task) -> None:
    """Keep of a count of sleeps only whether there were any since: the counter goes to 0."""
    now = k.vmstat.reclaim_sleeps
    for frame in frames(task):
        if getattr(frame, "sleeps", None) is not None:
            frame.sleeps = 0 if frame.sleeps == now else -1


def _order(k: Kernel, lists: list[LruList], held: list[Any], pools: list[BoundedPool]) -> Order:
    """Return what is to become of the order of LRU lists.

    A batch of reclaim takes whole lists as short as these, and what becomes of a page does not
    depend on its neighbours. So order shows only in which page a task waits for first, and in fine
    steps, where a flusher that takes pages in order can be stopped halfway: unless all that it may
    take are alike, so that it does not matter which comes first.
    """
    if any(lru.nr > SWAP_CLUSTER_MAX for lru in lists) or any(
        task.waits_on is not None and isinstance(task.waits_on.resource, WritebackUnit)
        for task in k.loop.tasks
    ):
        return Order.SHOWS
    if k.loop.timeless:
        return Order.SORTED
    if any(getattr(frame, "batch", None) for frame in held):
        return Order.SHOWS
    places = _places(k, pools)
    dirty = {_state(page, places) for lru in lists for page in lru if page.dirty}
    return Order.KEPT if len(dirty) > 1 else Order.SORTED


def _places(k: Kernel, pools: list[BoundedPool]) -> dict[int, int]:
    """Return the place in its queue of each unit that waits for a worker, or of its worker."""
    places: dict[int, int] = {}
    for pool in pools:
        for work in pool.worklist:
            places[id(unit_of(work.function))] = len(places) + 1
        for worker in () if k.loop.timeless else pool.tasks:
            for unit in _in_hand(worker):
                places[id(unit)] = len(places) + 1
    return places


def _sort_lists(lists: list[LruList], places: dict[int, int]) -> None:
    """Put the pages of each LRU list in order of their state."""
    for lru in lists:
        pages = list(lru)
        order = sorted(pages, key=lambda page: _state(page, places))
        if order != pages:
            for page in pages:
                lru.remove(page)
            for page in order:
                lru.add_head(page)


def _state(page: Extent, places: dict[int, int] | None = None) -> tuple[int, ...]:
    unit = page.unit
    if unit is None:
        return (page.dirty, 0, 0, page.reclaim, page.referenced)
    stage = (unit.submitted_ns >= 0) + (unit.done_ns >= 0) + 1
    place = places.get(id(unit), 0) if places else 0
    return (page.dirty, stage, place, page.reclaim, page.referenced)


def _number(page: Extent) -> int:
    return page.index


def frames(task: Task) -> Iterator[Any]:
    """Yield the frames of a task, outermost first."""
    frame = task.generator
    while isinstance(frame, Frame):
        yield frame
        frame = frame.sub


@functools.cache
def _holds_pages(kind: Hashable) -> bool:
    return bool({"mapping", "batch"} & set(getattr(kind, "__slots__", ())))


def _holding_pages(k: Kernel) -> list[Any]:
    """Return the frames that know pages by a file or a batch."""
    found: list[Any] = []
    for task in k.loop.tasks:
        frame: Any = task.generator
        while frame is not None:
            if _holds_pages(frame.__class__):
                found.append(frame)
            frame = frame.sub
    return found


def _forget_statistics(k: Kernel) -> None:
    k.vmstat.__init__()  # type: ignore[misc]  # every counter to 0
    for group in k.memcgs:
        group.peak_usage = group.failcnt = group.pgscan = group.pgsteal = group.oom_kills = 0
        group.lruvec.recent_scanned[:] = group.lruvec.recent_rotated[:] = [0, 0]
    for process in k.processes:
        process.write_ns.clear()
        process.read_ns.clear()
        process.accepted_bytes = process.throttled_ns = process.reclaim_ns = 0
        process.errors = 0
    for wb in k.wbs:
        wb.dirtied = wb.written = 0
        wb.completions.count = 0
    k.global_domain.completions.count = 0
    k.zone.pages_scanned = 0
    del k.oom_events[:]


def _mappings(lists: list[LruList], held: list[Any]) -> list[Mapping]:
    found: dict[int, Mapping] = {}
    for lru in lists:
        for extent in lru:
            found.setdefault(id(extent.mapping), extent.mapping)
    for frame in held:
        mapping = getattr(frame, "mapping", None)
        if mapping is not None:
            found.setdefault(id(mapping), mapping)
    return [mapping for mapping in found.values() if mapping.file]


def _file_lists(k: Kernel) -> list[LruList]:
    return [
        lru
        for group in k.memcgs
        for lru in (group.lruvec.inactive_file, group.lruvec.active_file)
        if lru.nr
    ]


def _renumber_pages(lists: list[LruList], held: list[Any], mappings: list[Mapping]) -> None:
    place: dict[int, int] = {}
    for lru in lists:
        for extent in lru:
            place[id(extent)] = len(place)
    for frame in held:
        for extent in getattr(frame, "batch", None) or ():
            place.setdefault(id(extent), len(place))
    for mapping in mappings:
        _renumber(mapping, held, place)


def _renumber(mapping: Mapping, held: list[Any], place: dict[int, int]) -> None:
    before = mapping.pages.content()
    pages = list(before[1:])
    for extent in pages:
        if extent.nr != 1:
            return  # neighbours matter: only single pages are interchangeable
    for extent in pages:
        if extent.unit is not None:
            extent.unit.label = "io"
    after = len(place)
    pages.sort(key=lambda extent: place.get(id(extent), after))  # stable: others by their number
    end = len(pages) * STRIDE
    numbers = tuple(range(0, end, STRIDE))
    now = (numbers, *pages)
    if now != before:
        for number, extent in zip(numbers, pages, strict=True):
            extent.index = number
        mapping.pages.fill(now)
        dirty = [extent for extent in pages if extent.dirty]
        mapping.dirty.fill((tuple(extent.index for extent in dirty), *dirty))
    mapping.writeback_index = 0
    mapping.size_pages = end
    for frame in held:
        if getattr(frame, "mapping", None) is mapping and getattr(frame, "index", None):
            frame.index = end


def _in_hand(task: Task) -> list[WritebackUnit]:
    """Return the units that a worker ends, or a task waits for."""
    works = [work for frame in frames(task) if (work := getattr(frame, "work", None)) is not None]
    units = [work.function.args[-1] for work in works]
    if task.waits_on is not None:
        units.append(task.waits_on.resource)
    return [unit for unit in units if hasattr(unit, "extents")]


def _doing(task: Task, of: Callable[[Extent], Any]) -> tuple[Any, ...]:
    """What a task is doing, in a form that can be compared; its pages by what ``of`` gives."""
    places = [frame.pc for frame in frames(task)]
    pages = [of(extent) for unit in _in_hand(task) for extent in unit.extents]
    return (task.waits_on is None, len(places), places, pages)


def _sort_workers(k: Kernel, pool: BoundedPool, of: Callable[[Extent], Any]) -> None:
    idle = {id(task): place for place, task in enumerate(pool.wait.waiters)}
    workers = sorted(pool.tasks, key=lambda task: (_doing(task, of), idle.get(id(task), -1)))
    if workers == pool.tasks:
        return
    mine = set(map(id, workers))
    slots = [place for place, task in enumerate(k.loop.tasks) if id(task) in mine]
    pool.tasks[:] = workers
    for place, worker in zip(slots, workers, strict=True):
        k.loop.tasks[place] = worker


def _bounded_pools(mappings: list[Mapping]) -> list[BoundedPool]:
    found: dict[int, BoundedPool] = {}
    for mapping in mappings:
        pool = getattr(mapping.a_ops, "pool", None)
        if type(pool) is BoundedPool:
            found[id(pool)] = pool
    return list(found.values())


def _sort_pending(k: Kernel) -> None:
    loop: Any = k.loop
    if len(loop.ready) > 1:
        places = {id(task): place for place, task in enumerate(loop.tasks)}
        ready = sorted(loop.ready, key=lambda task: places[id(task)])
        loop.ready.clear()
        loop.ready.extend(ready)
    for queue in (k.congestion_wait_queue, k.reclaim_wait, k.reclaim_wait_congested):
        if len(queue.waiters) > 1:
            asleep = sorted(queue.waiters, key=loop.tasks.index)
            queue.waiters.clear()
            queue.waiters.extend(asleep)
    if len(loop.interrupts) > 1:
        loop.interrupts.sort(key=_request)


def _request(timer: Any) -> tuple[int, ...]:
    """Order pending requests by the pages they are for."""
    unit = unit_of(timer.call)
    return tuple(extent.index for extent in unit.extents) if unit is not None else ()
