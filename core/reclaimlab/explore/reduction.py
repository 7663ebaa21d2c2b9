"""Moves that need not be looked at, because another order of the same moves is.

*Interrupts that can wait.* The end of a request of a filesystem with a bounded pool does no more
than queue an item of work. While no worker idles nobody can see the difference, so it is put off
until one does: every order in which items are taken is still there.

*Twins.* Where the order of pages shows in nothing (canonical.py), two requests for pages in the
same state are interchangeable: the state is the same with the two pages exchanged. The end of one
of them leads to the state that the end of the other leads to. So do workers of a bounded pool that
were woken and have no item yet, whatever the order of pages.

*Running out of memory comes last.* The tries of a charge that ends in an OOM kill or -ENOMEM take
far longer than a step, so whoever can run does so meanwhile. Such a step is a move only where no
other task has one that changes anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reclaimlab.engine.exploring import Kind
from reclaimlab.fs.bare_xfs import BareXfs
from reclaimlab.kernel.bounded_pool import BoundedPool

if TYPE_CHECKING:
    from reclaimlab.engine.exploring import Move
    from reclaimlab.engine.task import Task
    from reclaimlab.kernel.writeback_unit import WritebackUnit


def unit_of(call: Any) -> Any:
    """Return the writeback unit that an interrupt is about; None if it is about none."""
    while getattr(call, "args", None):
        call = call.args[-1]
    return call if hasattr(call, "extents") else None


def wanted(loop: Any, moves: list[Move], *, ordered: bool) -> list[tuple[int, Move]]:
    """Return the moves to be looked at, each with its place among all.

    ``ordered`` says that the order of pages counts, so that no two requests are alike.
    """
    kept: list[tuple[int, Move]] = []
    seen: set[Any] = set()
    for place, move in enumerate(moves):
        if move.kind is Kind.INTERRUPT:
            unit = unit_of(loop.interrupts[move.place].call)
            if can_wait(unit):
                continue
            if not ordered and _is_bare(unit):
                like = _likeness(unit)
                if like in seen:
                    continue
                seen.add(like)
        elif move.kind is Kind.RUN:
            idle = _without_item(loop.tasks[move.place])
            if idle is not None and idle in seen:
                continue
            seen.add(idle)
        kept.append((place, move))
    return kept


def _without_item(task: Task) -> Any:
    """Return what tells a worker of a bounded pool apart that has no item; None for any other."""
    frame = task.generator
    pool = getattr(frame, "pool", None)
    if type(pool) is not BoundedPool or frame.sub is not None or task.waits_on is not None:
        return None
    return id(pool), frame.pc, task.flags, task.value, task.killed


def _is_bare(unit: Any) -> bool:
    """Return whether all about a unit is known: of others it is not, what they look at."""
    return unit is not None and type(unit.mapping.a_ops) is BareXfs


def _likeness(unit: WritebackUnit) -> tuple[Any, ...]:
    """Return all that tells the unit of a request apart, but for which page it is."""
    pages = tuple(
        (page.dirty, page.reclaim, page.referenced, page.nr, page.lru is None, page.locked is None)
        for page in unit.extents
    )
    return id(unit.mapping), id(unit.device), unit.done_ns, len(unit.waiters()), pages


def can_wait(unit: Any) -> bool:
    """Return whether the interrupt of a unit does nothing now that it would not do later."""
    if not _is_bare(unit):
        return False
    pool = unit.completer.pool
    return type(pool) is BoundedPool and not pool.wait.waiters
