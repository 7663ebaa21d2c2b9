"""A sequential buffered reader of a file that is on the device."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.engine.wait import Completion
from reclaimlab.kernel import filemap, memcontrol, page_alloc
from reclaimlab.policy.gfp import GFP_HIGHUSER_MOVABLE
from reclaimlab.units import PAGE_SIZE, pages
from reclaimlab.workloads.context import Context, sleep

if TYPE_CHECKING:
    from reclaimlab.engine.task import Steps
    from reclaimlab.kernel.folio import Mapping

READAHEAD_PAGES = 32
"""128 KiB, the default of read_ahead_kb."""


def reader(
    context: Context,
    *,
    file_size: int,
    read_size: int = 65536,
    think: int = 0,
    cached: bool = False,
    total: int = 0,
) -> Steps:
    """Read the file until ``total`` bytes are read (0: for ever); drop it unless ``cached``."""
    mapping = context.fs.new_file(f"{context.process.name}.input")
    process, loop = context.process, context.k.loop
    index, end = 0, pages(file_size)
    step = max(1, read_size // PAGE_SIZE)
    while not context.killed and (not total or process.read_bytes < total):
        start = process.in_call_since_ns = loop.now
        yield from generic_file_aio_read(context, mapping, index, step, end)
        process.in_call_since_ns = -1
        process.read_ns.append(loop.now - start)
        process.read_bytes += step * PAGE_SIZE
        index += step
        if not cached:
            _drop_behind(context, mapping, index)
        if index + step > end:
            index = 0
            if not cached:
                _drop_behind(context, mapping, end + READAHEAD_PAGES)
        yield from sleep(context, think)


def generic_file_aio_read(
    context: Context, mapping: Mapping, index: int, nr: int, end: int
) -> Steps:
    """read(2): what is not in the cache is read ahead and waited for."""
    at = index
    while at < index + nr:
        extent = mapping.pages.holding(at)
        if extent is None:
            yield from page_cache_sync_readahead(context, mapping, at, end)
            continue
        extent.referenced = True
        at = extent.index + extent.nr
    yield nr * 500


def page_cache_sync_readahead(
    context: Context, mapping: Mapping, index: int, end: int, window: int = READAHEAD_PAGES
) -> Steps:
    """Allocate and read a window of pages, and wait for them."""
    k, memcg = context.k, context.process.memcg
    following = mapping.pages.at_or_after(index)
    nr = min(window, max(1, end - index), following.index - index if following else window)
    if not page_alloc.try_alloc(k, nr):
        yield from page_alloc.alloc_pages(k, GFP_HIGHUSER_MOVABLE, nr)
    yield from memcontrol.mem_cgroup_charge(k, memcg, GFP_HIGHUSER_MOVABLE, nr)
    done = Completion(k.loop, "PG_locked", resource=context.fs.bdi.device)
    if not context.fs.bdi.device.legacy:
        yield from context.fs.bdi.device.get_request()
    context.fs.bdi.device.submit_now(nr * PAGE_SIZE, done.complete_all, write=False)
    if not done.done:
        yield done.queue
    filemap.add_to_page_cache_clean(k, mapping, index, nr, memcg)


def _drop_behind(context: Context, mapping: Mapping, index: int) -> None:
    """posix_fadvise(DONTNEED) of everything before ``index``."""
    while (
        (extent := mapping.pages.first()) is not None
        and extent.index + extent.nr <= index
        and extent.lru is not None
    ):
        extent.lru.remove(extent)
        filemap.remove_mapping(context.k, extent)
