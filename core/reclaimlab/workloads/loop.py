"""The thread of a loop device: it writes that device's requests to a backing file.

Follows drivers/block/loop.c of v3.10. The backing file's mapping has __GFP_IO and __GFP_FS masked
off, because what the thread waits for in reclaim may be a page that only the thread can write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.policy.contexts import Scope
from reclaimlab.units import SEC, pages
from reclaimlab.workloads.context import DEFAULT_COPY_BW, Context, copy_ns, sys_write

if TYPE_CHECKING:
    from reclaimlab.block.loop_device import LoopDevice
    from reclaimlab.engine.task import Steps
    from reclaimlab.kernel.folio import Mapping

BACKING_PAGES = 1 << 18
"""A backing file of 1 GiB, written round and round."""


def loop(context: Context, *, device: LoopDevice) -> Steps:
    """Serve ``device`` for ever."""
    device.thread = context.k.current
    yield from loop_thread(context, device)


def loop_thread(context: Context, device: LoopDevice) -> Steps:
    """Take the bios in order and write each to the backing file."""
    mapping = context.fs.new_file(f"{context.process.name}.backing")
    context.fs.enter_scope(Scope.LOOP_THREAD, context.k.current)
    index = 0
    while not context.killed:
        if not device.bios:
            yield device.wake
            continue
        bio = device.bios.popleft()
        if bio.write:
            index = yield from do_lo_send(context, mapping, index, pages(bio.size))
        yield bio.size * SEC // device.write_bw
        device.end(bio)


def do_lo_send(context: Context, mapping: Mapping, index: int, nr: int) -> Steps:
    """Write ``nr`` pages to the file; give the next place."""
    if index + nr > BACKING_PAGES:
        index = 0
    yield from sys_write(context, mapping, index, nr, copy_ns(DEFAULT_COPY_BW))
    return index + nr
