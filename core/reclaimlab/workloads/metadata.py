"""Many small files, and files renamed over older ones."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from reclaimlab.kernel import slab
from reclaimlab.units import PAGE_SIZE, pages
from reclaimlab.workloads.context import DEFAULT_COPY_BW, Context, copy_ns, sleep, sys_write

if TYPE_CHECKING:
    from reclaimlab.engine.task import Steps
    from reclaimlab.kernel.folio import Mapping


def metadata(
    context: Context,
    *,
    size_min: int,
    size_max: int,
    files_per_dir: int = 200,
    think: int = 0,
    transaction_gfp: str = "nofs",
    keep: int = 256,
    total: int = 0,
) -> Steps:
    """Create, write and now and then remove small files, ``total`` of them; 0: for ever."""
    del files_per_dir  # directories are not modelled
    context.process.is_writer = True
    files: deque[Mapping] = deque()
    serial = 0
    while not context.killed and (not total or serial < total):
        serial += 1
        name = f"{context.process.name}.{serial}"
        alive = yield from slab.d_alloc(context.k, context.process)
        if not alive:
            break
        if transaction_gfp == "nofs" or not hasattr(context.fs, "xfs_create"):
            mapping = yield from context.fs.create(context.k, name)
        else:
            mapping = yield from context.fs.xfs_create(context.k, name, nested_gfp=transaction_gfp)
        files.append(mapping)
        size = context.stream.between(size_min, size_max)
        if size:
            wrote = yield from sys_write(context, mapping, 0, pages(size), copy_ns(DEFAULT_COPY_BW))
            if wrote <= 0:
                break
        while len(files) > keep and not context.killed:
            yield from context.fs.vfs_unlink(context.k, files.popleft())
        yield from sleep(context, think)


def rename(
    context: Context,
    *,
    file_size: int,
    write_size: int = 65536,
    think: int = 0,
    rounds: int = 0,
) -> Steps:
    """Write a new file and put it in the place of the old (rsync), ``rounds`` times; 0: always."""
    context.process.is_writer = True
    old: Mapping | None = None
    serial = 0
    step = max(1, write_size // PAGE_SIZE)
    while not context.killed and (not rounds or serial < rounds):
        serial += 1
        mapping = yield from context.fs.create(context.k, f"{context.process.name}.{serial}")
        index, end = 0, pages(file_size)
        while index < end and not context.killed:
            wrote = yield from sys_write(
                context, mapping, index, min(step, end - index), copy_ns(DEFAULT_COPY_BW)
            )
            if wrote <= 0:
                return
            index += wrote
        yield from sys_rename(context, mapping, old)
        old = mapping
        yield from sleep(context, think)


def sys_rename(context: Context, mapping: Mapping, over: Mapping | None) -> Steps:
    """rename(2)."""
    yield from context.fs.vfs_rename(context.k, mapping, over)
