"""The thread of a loop device: it writes the upper device's requests to a backing file.

Follows drivers/block/loop.c of v3.10: the backing file's mapping has __GFP_IO and __GFP_FS masked
off, because what the thread waits for must not be its own device.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.policy.contexts import Scope
from reclaimlab.units import PAGE_SIZE, SEC
from reclaimlab.workloads.context import DEFAULT_COPY_BW, Context, copy_ns, sleep, sys_write

if TYPE_CHECKING:
    from reclaimlab.engine.task import Steps

BACKING_PAGES = 1 << 18


def loop(context: Context, *, upper_size: int = 524_288, rate: int) -> Steps:
    """Serve requests of ``upper_size`` bytes arriving at ``rate`` bytes a second."""
    context.process.is_writer = True
    yield from loop_thread(context, upper_size, rate)


def loop_thread(context: Context, upper_size: int, rate: int) -> Steps:
    """Write one request after the other to the backing file."""
    mapping = context.fs.new_file(f"{context.process.name}.backing")
    context.fs.enter_scope(Scope.LOOP_THREAD, context.k.current)
    index, nr = 0, max(1, upper_size // PAGE_SIZE)
    due = context.k.loop.now
    while not context.killed:
        wrote = yield from sys_write(
            context, mapping, index % BACKING_PAGES, nr, copy_ns(DEFAULT_COPY_BW)
        )
        if wrote <= 0:
            break
        index += wrote
        due += upper_size * SEC // rate
        yield from sleep(context, due - context.k.loop.now)
