"""Tasks in a row: each reads a file whole into memory, computes, writes the next, and frees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.kernel import costs, page_alloc, swap
from reclaimlab.policy.gfp import GFP_HIGHUSER_MOVABLE
from reclaimlab.units import PAGE_SIZE, pages
from reclaimlab.workloads.context import (
    DEFAULT_COPY_BW,
    Context,
    copy_ns,
    fault_in,
    sleep,
    sys_write,
)
from reclaimlab.workloads.reader import page_cache_sync_readahead

if TYPE_CHECKING:
    from reclaimlab.engine.task import Steps
    from reclaimlab.kernel.folio import Mapping

STEP = 256
"""Pages read or written in one call: 1 MiB."""


def pipeline(
    context: Context,
    *,
    file_size: int,
    compute: int,
    stages: int = 3,
    read_bw: int = DEFAULT_COPY_BW,
    copy_bw: int = DEFAULT_COPY_BW,
) -> Steps:
    """Run ``stages`` tasks; the first file is on the device and not in the cache.

    ``read_bw`` is the rate at which a cached file gets into memory, page faults included.
    """
    process = context.process
    process.is_writer = True
    mapping = context.fs.new_file(f"{process.name}.0")
    page_ns = copy_ns(copy_bw)
    for stage in range(1, stages + 1):
        process.begin_phase(f"read{stage}", context.k.loop.now)
        yield from _read_whole(context, mapping, pages(file_size), read_bw)
        process.end_phase(context.k.loop.now)
        yield from sleep(context, compute)
        mapping = yield from context.fs.create(context.k, f"{process.name}.{stage}")
        process.begin_phase(f"write{stage}", context.k.loop.now)
        for index in range(0, pages(file_size), STEP):
            yield from sys_write(
                context, mapping, index, min(STEP, pages(file_size) - index), page_ns
            )
        process.end_phase(context.k.loop.now)
        swap.exit_mmap(context.k, process)


def _read_whole(context: Context, mapping: Mapping, end: int, read_bw: int) -> Steps:
    """Read a file into anonymous memory; what comes from the device hides the copying."""
    page_ns = max(0, PAGE_SIZE * 10**9 // read_bw - costs.PAGE_FAULT_NS)
    at = 0
    while at < end:
        extent = mapping.pages.holding(at)
        if extent is None:
            yield from page_cache_sync_readahead(context, mapping, at, end, STEP)
            extent = mapping.pages.holding(at)
            nr = min(extent.index + extent.nr, end) - at if extent is not None else 1
            yield from _map(context, nr)
        else:
            nr = min(extent.index + extent.nr - at, STEP, end - at)
            extent.referenced = True
            yield nr * page_ns
            yield from fault_in(context, nr)
        at += nr


def _map(context: Context, nr: int) -> Steps:
    """Take ``nr`` pages of memory in no time: the device is what the reader waits for."""
    process, k = context.process, context.k
    if not page_alloc.try_alloc(k, nr):
        yield from page_alloc.alloc_pages(k, GFP_HIGHUSER_MOVABLE, nr)
    process.memcg.charge(nr)
    swap.map_anonymous(k, process, nr)
