"""A writer of single pages, none beside another: the least that fills a memcg with dirty pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.units import PAGE_SIZE
from reclaimlab.workloads.context import DEFAULT_COPY_BW, Context, copy_ns, sys_write

if TYPE_CHECKING:
    from reclaimlab.engine.task import Steps


def page_writer(context: Context, *, total: int = 0) -> Steps:
    """Write pages that are not in the cache: ``total`` bytes, or until killed, or a write() fails.

    Its ration of dirty pages is one, so balance_dirty_pages() looks at each.
    """
    process = context.process
    process.is_writer = True
    mapping = yield from context.fs.create(context.k, process.name)
    page_ns = copy_ns(DEFAULT_COPY_BW)
    left = total
    while not context.killed and (not total or left > 0):
        last = mapping.pages.last()
        process.nr_dirtied_pause = 1
        wrote = yield from sys_write(
            context, mapping, 0 if last is None else last.index + 2, 1, page_ns
        )
        if wrote <= 0:
            break
        left = max(0, left - PAGE_SIZE)
        yield page_ns  # the program makes the next page: whoever was woken may run
