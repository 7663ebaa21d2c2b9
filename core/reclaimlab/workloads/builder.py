"""One job of a parallel build: compiles that end in object files, now and then a link."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from reclaimlab.kernel import swap
from reclaimlab.units import PAGE_SIZE, pages
from reclaimlab.workloads.context import (
    DEFAULT_COPY_BW,
    Context,
    copy_ns,
    fault_in,
    sleep,
    sys_write,
)
from reclaimlab.workloads.reader import generic_file_aio_read

if TYPE_CHECKING:
    from reclaimlab.engine.task import Steps
    from reclaimlab.kernel.folio import Mapping


def build(
    context: Context,
    *,
    anon: int,
    compute: int,
    object_min: int,
    object_max: int,
    link_anon: int,
    link_size: int,
    anon_step: int = 262_144,
    write_size: int = 131_072,
    link_every: int = 8,
    tree: int = 64,
    read_size: int = 0,
) -> Steps:
    """Compile for ever: read sources, grow, compute, write an object; every so often link."""
    context.process.is_writer = True
    files: deque[Mapping] = deque()
    source = context.fs.new_file(f"{context.process.name}.src") if read_size else None
    serial = 0
    while not context.killed:
        serial += 1
        links = serial % link_every == 0
        if source is not None:
            yield from _read_sources(context, source, serial, pages(read_size))
        yield from _grow(context, link_anon if links else anon, anon_step)
        yield from sleep(context, context.stream.spread(compute, 400))
        yield from swap.touch(context.k, context.process, context.process.rss_pages)
        size = link_size if links else context.stream.between(object_min, object_max)
        yield from _emit(context, files, f"{context.process.name}.{serial}", size, write_size)
        swap.exit_mmap(context.k, context.process)
        while len(files) > tree and not context.killed:
            yield from context.fs.vfs_unlink(context.k, files.popleft())


def _read_sources(context: Context, source: Mapping, serial: int, nr: int) -> Steps:
    """Read another part of a source tree of 64 such parts."""
    start = serial % 64 * nr
    yield from generic_file_aio_read(context, source, start, nr, start + nr)


def _grow(context: Context, size: int, step: int) -> Steps:
    left: int = pages(size)
    while left > 0:
        part = min(left, pages(step))
        alive = yield from fault_in(context, part)
        if not alive:
            return
        left -= part


def _emit(context: Context, files: deque[Mapping], name: str, size: int, write_size: int) -> Steps:
    mapping = yield from context.fs.create(context.k, name)
    files.append(mapping)
    index, end, step = 0, pages(size), max(1, write_size // PAGE_SIZE)
    while index < end and not context.killed:
        wrote = yield from sys_write(
            context, mapping, index, min(step, end - index), copy_ns(DEFAULT_COPY_BW)
        )
        if wrote <= 0:
            break
        index += wrote
