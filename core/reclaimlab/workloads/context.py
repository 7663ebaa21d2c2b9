"""What a program has at hand: process, filesystem, dice; and the system calls it makes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reclaimlab.engine.wait import WaitQueue
from reclaimlab.kernel import filemap, swap
from reclaimlab.kernel.folio import Mapping
from reclaimlab.units import PAGE_SIZE, SEC

if TYPE_CHECKING:
    from reclaimlab.engine.rng import Stream
    from reclaimlab.engine.task import Steps
    from reclaimlab.kernel.kernel import Kernel
    from reclaimlab.kernel.process import Process

DEFAULT_COPY_BW = 1 << 30
"""Bytes a second from a user's buffer into the page cache: recordings fill 100 MiB in 0.1 s."""


@dataclass(slots=True)
class Context:
    """One running program."""

    k: Kernel
    process: Process
    fs: Any
    """The filesystem it works on; None if it needs none."""
    stream: Stream

    @property
    def killed(self) -> bool:
        """Whether a fatal signal is pending."""
        return self.k.current.killed


def copy_ns(copy_bw: int) -> int:
    """Return the time to copy one page at ``copy_bw`` bytes a second."""
    return PAGE_SIZE * SEC // copy_bw


def sleep(context: Context, delay_ns: int) -> Steps:
    """nanosleep(2)."""
    if delay_ns > 0:
        yield WaitQueue(context.k.loop, "nanosleep", state="S").for_at_most(delay_ns)


def sys_write(context: Context, mapping: Mapping, index: int, nr: int, page_copy_ns: int) -> Steps:
    """Write ``nr`` pages, recording its time; give the pages taken, negative on an error."""
    k, process = context.k, context.process
    loop = k.loop
    start = process.in_call_since_ns = loop.now
    wrote = yield from context.fs.vfs_write(k, mapping, process, index, nr, page_copy_ns)
    process.in_call_since_ns = -1
    process.write_ns.append(loop.now - start)
    if wrote > 0:
        process.accepted_bytes += wrote * PAGE_SIZE
    return wrote


def do_exit(context: Context) -> None:
    """End the process and give back its memory."""
    swap.exit_mmap(context.k, context.process)
    context.process.exited = True


def exec_program(context: Context, nr: int) -> None:
    """Read the ``nr`` pages of the program and its libraries; what is mapped is active.

    They are there before the task is of interest, so it takes no time. 53 of 189 pages were still
    inactive when reclaim began: see scenarios/importers/setup.py.
    """
    k, process = context.k, context.process
    mapping = Mapping(f"program of {process.name}")
    inactive = nr * 53 // 189
    for index, count in ((0, inactive), (inactive, nr - inactive)):
        if count:
            process.memcg.charge(count)
            k.zone.free -= count
            extent = filemap.add_to_page_cache_clean(k, mapping, index, count, process.memcg)
            if index:
                filemap.activate(extent)


def fault_in(context: Context, nr: int) -> Steps:
    """Touch ``nr`` new pages of anonymous memory; give False if the process was killed."""
    while nr > 0:
        part = min(nr, 64)
        alive = yield from swap.handle_mm_fault(context.k, context.process, part)
        if not alive:
            return False
        nr -= part
    return True
