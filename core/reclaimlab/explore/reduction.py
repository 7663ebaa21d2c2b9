"""Moves that need not be looked at, because another order of the same moves is.

*Interrupts that can wait.* The end of a request of a filesystem with a bounded pool does no more
than queue an item of work. While no worker idles nobody can see the difference, so it is put off
until one does: every order in which items are taken is still there.

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


def unit_of(call: Any) -> Any:
    """Return the writeback unit that an interrupt is about; None if it is about none."""
    while getattr(call, "args", None):
        call = call.args[-1]
    return call if hasattr(call, "extents") else None


def can_wait(loop: Any, move: Move) -> bool:
    """Return whether a move is an interrupt that does nothing now that it would not do later."""
    if move.kind is not Kind.INTERRUPT:
        return False
    unit = unit_of(loop.interrupts[move.place].call)
    pool = getattr(unit.completer, "pool", None) if unit is not None else None
    if type(pool) is not BoundedPool or type(unit.mapping.a_ops) is not BareXfs:
        return False  # of one that is not ours it is not known what its workers look at
    return not pool.wait.waiters
