"""What makes no difference to the future is taken out of a state before it is compared.

- Statistics: counters nobody reads but reports are set to 0.
- Names of pages: the page cache of a file is renumbered, pages on the LRU first, from the oldest,
  then those a reclaimer holds. Nothing but the order among pages not on a list, and the order in
  which one flusher takes them, depends on the numbers: pages are interchangeable.
- Names of workers: workers of a bounded pool are put in order of what they are doing.
- The order in which tasks became runnable and requests were queued: any may go first.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from reclaimlab.explore.resumable import Frame
from reclaimlab.kernel.aops import WritebackControl
from reclaimlab.kernel.bdi_writeback import WbWork
from reclaimlab.kernel.folio import Extent
from reclaimlab.kernel.fs_writeback import EVERYTHING
from reclaimlab.kernel.page_alloc import MAX_RECLAIM_RETRIES
from reclaimlab.kernel.scan_control import ScanControl, ShrinkStat
from reclaimlab.kernel.workqueue import Work

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reclaimlab.engine.task import Task
    from reclaimlab.kernel.folio import Mapping
    from reclaimlab.kernel.kernel import Kernel

WORK = sys.intern("xfs_end_io")
UNITS = sys.intern("PG_writeback")
MOST_PAGES = 512
"""A quota above this is never used up: no scenario that can be explored has so many pages."""
MOST_TRIES = 8
"""Tries of one charge above this are as good as this many: the kernels look at 5 at most."""
ENDLESS = 1024
STRIDE = 2
"""Distance between two renumbered pages: they are no neighbours."""


def canonicalise(k: Kernel) -> None:
    """Bring ``k`` into the form that stands for all states like it."""
    _forget_statistics(k)
    _renumber_pages(k)
    _sort_workers(k)
    _sort_pending(k)


def frames(task: Task) -> Iterator[Any]:
    """Yield the frames of a task, outermost first."""
    frame = task.generator
    while isinstance(frame, Frame):
        yield frame
        frame = frame.sub


def _forget_statistics(k: Kernel) -> None:
    for name in k.vmstat.__slots__:
        setattr(k.vmstat, name, 0)
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


def _mappings(k: Kernel) -> list[Mapping]:
    found: dict[int, Mapping] = {}
    for group in k.memcgs:
        lruvec = group.lruvec
        for lru in (lruvec.inactive_file, lruvec.active_file):
            for extent in lru:
                found.setdefault(id(extent.mapping), extent.mapping)
    for task in k.loop.tasks:
        for frame in frames(task):
            mapping = getattr(frame, "mapping", None)
            if mapping is not None:
                found.setdefault(id(mapping), mapping)
    return [mapping for mapping in found.values() if mapping.file]


def _renumber_pages(k: Kernel) -> None:
    order: list[Extent] = []
    for group in k.memcgs:
        lruvec = group.lruvec
        order += lruvec.inactive_file
        order += lruvec.active_file
    place = {id(extent): number for number, extent in enumerate(order)}
    for task in k.loop.tasks:
        for frame in frames(task):
            for extent in getattr(frame, "batch", None) or ():
                place.setdefault(id(extent), len(place))
    for mapping in _mappings(k):
        _renumber(k, mapping, place)


def _renumber(k: Kernel, mapping: Mapping, place: dict[int, int]) -> None:
    pages = list(mapping.pages)
    if any(extent.nr != 1 for extent in pages):
        return  # neighbours matter: only single pages are interchangeable
    after = len(place)
    pages.sort(key=lambda extent: place.get(id(extent), after))  # stable: others by their number
    next_index = pages and max(extent.index for extent in pages) + STRIDE
    mapping.pages = type(mapping.pages)()
    mapping.dirty = type(mapping.dirty)()
    for number, extent in enumerate(pages):
        extent.index = number * STRIDE
        mapping.pages.add(extent)
        if extent.dirty:
            mapping.dirty.add(extent)
        unit = extent.unit
        if unit is not None:
            unit.label = "io"
            unit.queue.name = UNITS
    mapping.writeback_index = 0
    mapping.size_pages = len(pages) * STRIDE
    del next_index
    for task in k.loop.tasks:
        for frame in frames(task):
            if getattr(frame, "mapping", None) is mapping and getattr(frame, "index", None):
                frame.index = len(pages) * STRIDE


def _doing(task: Task) -> tuple[Any, ...]:
    """What a task is doing, in a form that can be compared."""
    places: list[int] = []
    pages: list[int] = []
    for frame in frames(task):
        places.append(frame.pc)
        unit = getattr(frame, "work", None)
        unit = unit.function.args[-1] if unit is not None else None
        if unit is not None and hasattr(unit, "extents"):
            pages += [extent.index for extent in unit.extents]
    queue = task.waits_on
    unit = queue.resource if queue is not None else None
    if unit is not None and hasattr(unit, "extents"):
        pages += [extent.index for extent in unit.extents]
    return (task.waits_on is None, len(places), places, pages)


def _sort_workers(k: Kernel) -> None:
    for filesystem in _bounded_filesystems(k):
        pool = filesystem.pool
        workers = sorted(pool.tasks, key=_doing)
        slots = [place for place, task in enumerate(k.loop.tasks) if task in pool.tasks]
        pool.tasks[:] = workers
        for work in pool.worklist:
            work.label = WORK
        for place, worker in zip(slots, workers, strict=True):
            k.loop.tasks[place] = worker
            worker.name = "kworker/u"
            worker.pid = 0


def _bounded_filesystems(k: Kernel) -> list[Any]:
    found: dict[int, Any] = {}
    for mapping in _mappings(k):
        if hasattr(mapping.a_ops, "pool"):
            found[id(mapping.a_ops)] = mapping.a_ops
    return list(found.values())


def _sort_pending(k: Kernel) -> None:
    loop: Any = k.loop
    places = {id(task): place for place, task in enumerate(loop.tasks)}
    ready = sorted(loop.ready, key=lambda task: places[id(task)])
    loop.ready.clear()
    loop.ready.extend(ready)
    loop.interrupts.sort(key=_request)
    for task in loop.tasks:
        for frame in frames(task):
            _tidy(frame)


def _tidy(frame: Any) -> None:
    """Clean what hangs on the locals of one frame."""
    for name in type(frame).__slots__:
        value = getattr(frame, name)
        kind = type(value)
        if kind is str:
            setattr(frame, name, sys.intern(value))
        elif kind is Extent:
            _unlink(value)
        elif kind is Work:
            value.label = WORK
        elif kind is list:
            for item in value:
                if type(item) is Extent:
                    _unlink(item)
        elif kind is ShrinkStat:
            for extent in (*value.kept, *value.activated):
                _unlink(extent)
        elif kind is WritebackControl:
            value.nr_to_write = ENDLESS if value.nr_to_write > MOST_PAGES else value.nr_to_write
        elif kind is WbWork:
            value.nr_pages = EVERYTHING if value.nr_pages > MOST_PAGES else value.nr_pages
        elif name == "wrote" and kind is int:
            setattr(frame, name, min(value, 1))
        elif name == "rounds" and kind is int:
            setattr(frame, name, min(value, MAX_RECLAIM_RETRIES + 1))
        elif name in ("attempts", "kills") and kind is int:
            setattr(frame, name, min(value, MOST_TRIES))
        elif kind is ScanControl:
            value.debt_ns = 0
            value.forget_answers()


def _unlink(extent: Extent) -> None:
    """Cut what a page off the lists still points to: it is set anew before it is read."""
    if extent.lru is None:
        extent.older = extent.newer = extent
        if not extent.nr:
            extent.index = -1
            extent.unit = None


def _request(timer: Any) -> tuple[int, ...]:
    """Order pending requests by the pages they are for."""
    call = timer.call
    while hasattr(call, "args") and call.args:
        unit = call.args[-1]
        if hasattr(unit, "extents"):
            return tuple(extent.index for extent in unit.extents)
        call = unit
    return ()
