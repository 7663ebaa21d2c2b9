"""A writer of single pages, none beside another: the least that fills a memcg with dirty pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.workloads.context import DEFAULT_COPY_BW, Context, copy_ns, sys_write

if TYPE_CHECKING:
    from reclaimlab.engine.task import Steps


def page_writer(context: Context) -> Steps:
    """Write pages that are not in the cache until the task is killed or a write() fails.

    Its ration of dirty pages is one, so balance_dirty_pages() looks at each.
    """
    process = context.process
    process.is_writer = True
    mapping = yield from context.fs.create(context.k, process.name)
    page_ns = copy_ns(DEFAULT_COPY_BW)
    while not context.killed:
        last = mapping.pages.last()
        process.nr_dirtied_pause = 1
        wrote = yield from sys_write(
            context, mapping, 0 if last is None else last.index + 2, 1, page_ns
        )
        if wrote <= 0:
            break
        yield page_ns  # the program makes the next page: whoever was woken may run
