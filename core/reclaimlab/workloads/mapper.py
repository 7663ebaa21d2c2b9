"""A task that builds up anonymous memory, holds it, and gives it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.kernel import swap
from reclaimlab.units import pages
from reclaimlab.workloads.context import Context, fault_in, sleep

if TYPE_CHECKING:
    from reclaimlab.engine.task import Steps


def mapper(
    context: Context,
    *,
    size: int,
    step: int = 262_144,
    step_time: int = 1_000_000,
    hold: int = 10**9,
    idle: int = 10**8,
) -> Steps:
    """Fault in ``size`` bytes in steps, touch them while holding, unmap, pause, again."""
    while not context.killed:
        left: int = pages(size)
        while left > 0 and not context.killed:
            part = min(left, pages(step))
            alive = yield from fault_in(context, part)
            if not alive:
                break
            left -= part
            yield from sleep(context, context.stream.spread(step_time, 500))
        yield from swap.touch(context.k, context.process, pages(size) // 4)
        yield from sleep(context, context.stream.spread(hold, 200))
        swap.exit_mmap(context.k, context.process)
        yield from sleep(context, context.stream.spread(idle, 500))
