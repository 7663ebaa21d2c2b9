"""What the rest of a recorded machine wrote, step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reclaimlab.units import pages
from reclaimlab.workloads.context import DEFAULT_COPY_BW, Context, copy_ns, sleep, sys_write

if TYPE_CHECKING:
    from reclaimlab.engine.task import Steps
    from reclaimlab.kernel.folio import Mapping

LEAST_PIECE: Final = 128
"""Pages written at once at least: the flushes of the system's disk in the traces of three quiet
recordings (a_seq_xfs_20MBps_100M_r1, a_seq_ext4_20MBps_100M_r1, a_seq_xfs_5MBps_100M_r1) come three
to six a second, 139 pages and more each."""
MOST_PIECES: Final = 10
"""Pieces of one step; more are as good as a steady flow."""
FILES: Final = 8
"""Files that it appends to in turn."""


def replay(context: Context, *, writes: str, step: int, backlog: int) -> Steps:
    """Write so many pages in each step, in pieces spread over it, for the rest of the machine.

    ``writes``: pages, one number a step. A step's first piece comes at its beginning, and before
    the first step comes the ``backlog`` (bytes), in one go.
    """
    context.process.background = True
    mappings: list[Mapping] = []
    for number in range(FILES):
        mapping = yield from context.fs.create(context.k, f"{context.process.name}.{number}")
        mappings.append(mapping)
    begun, turn, page_ns = context.k.loop.now, 0, copy_ns(DEFAULT_COPY_BW)
    if backlog:
        yield from sys_write(context, mappings[0], 0, pages(backlog), page_ns)
    for nr in map(int, writes.split()):
        pieces = min(max(nr // LEAST_PIECE, 1), MOST_PIECES)
        for piece in range(pieces):
            part = nr * (piece + 1) // pieces - nr * piece // pieces
            if part:
                mapping = mappings[turn % FILES]
                turn += 1
                yield from sys_write(context, mapping, mapping.size_pages, part, page_ns)
            if context.killed:
                return
            yield from sleep(context, begun + step * (piece + 1) // pieces - context.k.loop.now)
        begun += step
