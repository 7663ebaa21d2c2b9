"""A buffered writer, as dd: sequential or random write()s to one file or several."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.units import PAGE_SIZE, pages
from reclaimlab.workloads.context import DEFAULT_COPY_BW, Context, copy_ns, sleep, sys_write

if TYPE_CHECKING:
    from reclaimlab.engine.task import Steps
    from reclaimlab.kernel.folio import Mapping


def writer(
    context: Context,
    *,
    file_size: int = 0,
    total: int = 0,
    write_size: int = 1 << 20,
    pattern: str = "sequential",
    random_min: int = 4096,
    random_max: int = 16384,
    preallocated: bool = False,
    restart: str = "new",
    think: int = 0,
    copy_bw: int = DEFAULT_COPY_BW,
    files: int = 1,
    background: bool = False,
) -> Steps:
    """Write until ``total`` bytes are written, the task is killed, or a write() fails."""
    context.process.is_writer = not background
    mappings: list[Mapping] = []
    for number in range(files):
        mapping = yield from context.fs.create(context.k, f"{context.process.name}.{number}")
        if preallocated and hasattr(context.fs, "preallocate"):
            context.fs.preallocate(mapping, pages(file_size))
        mappings.append(mapping)
    page_ns = copy_ns(copy_bw)
    size, call_size = pages(file_size), max(1, write_size // PAGE_SIZE)
    positions = [0] * files
    turn = done = 0
    task = context.k.current
    while not task.killed and (not total or done < total):
        if pattern == "random":
            nr = context.stream.between(
                max(1, random_min // PAGE_SIZE), max(1, random_max // PAGE_SIZE)
            )
            index = context.stream.below(max(1, size - nr))
        else:
            if file_size and positions[turn] >= size:
                mappings[turn] = yield from _start_over(context, mappings[turn], restart)
                positions[turn] = 0
            index, nr = positions[turn], call_size
            if total:
                nr = min(nr, -(-(total - done) // PAGE_SIZE))
        wrote = yield from sys_write(context, mappings[turn], index, nr, page_ns)
        if wrote <= 0:
            break
        positions[turn] += wrote
        done += wrote * PAGE_SIZE
        turn = (turn + 1) % files
        if think:
            yield from sleep(context, think)


def _start_over(context: Context, mapping: Mapping, restart: str) -> Steps:
    if restart == "overwrite":
        return mapping
    yield from context.fs.vfs_unlink(context.k, mapping)
    if restart == "truncate":
        return mapping
    return (yield from context.fs.create(context.k, mapping.name))
