"""memalloc-noio: the whole completion work runs under PF_MEMALLOC_NOIO.

Problem: call sites in an I/O completion are many, and a flag passed at each is easily missed.
Change: set the task flag at the start of xfs_end_io(), restore it at the end. What the flag takes
    from a mask is the kernel's: nothing in 3.5, __GFP_IO in 3.10, __GFP_FS as well from 3.18 on.
References: D. Chinner, 20130713032900.GC5228@dastard; Linux kernel commit 21caf2fc1931 ("mm: teach
    mm by current context info to not do I/O during memory allocation") (in v3.9).
Expected gain: the worker no longer waits for a page, whichever site allocates.
Expected cost: it cannot swap; kthreadd, flusher and kswapd may still wait; hard-limit charges did
    not look at the flag before 4.12.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.policy import Policy, PolicyInfo, Scope, ScopeChange, hookimpl
from reclaimlab.policy.gfp import PF_MEMALLOC_NOIO

if TYPE_CHECKING:
    from reclaimlab.policy import ScopeView


class MemallocNoio(Policy):
    """Sets PF_MEMALLOC_NOIO around completion work, of every filesystem."""

    info = PolicyInfo(
        name="memalloc-noio",
        title="PF_MEMALLOC_NOIO around the whole completion work",
        claim="No allocation in an I/O completion waits for a page.",
        references=(
            "20130713032900.GC5228@dastard",
            (
                '21caf2fc1931 ("mm: teach mm by current context info to not do I/O during'
                ' memory allocation")'
            ),
        ),
        row="F3b",
    )

    @hookimpl
    def enter_scope(self, scope: ScopeView) -> ScopeChange | None:
        if scope.scope is Scope.COMPLETION_WORK:
            return ScopeChange(set_flags=PF_MEMALLOC_NOIO)
        return None
