"""nofs-scope: transactions, completions and submissions run in a memalloc_nofs scope.

Problem: GFP_NOFS is passed by hand at dozens of sites; one that is missed, or a nested allocation,
    re-enters the filesystem.
Change: PF_MEMALLOC_NOFS from the reservation to the commit, in completion work, and from marking to
    submission; the page allocator and memcg reclaim then clear __GFP_FS.
References: Linux kernel commit 7dea19f9ee63 ("mm: introduce memalloc_nofs_{save,restore} API")
    (in v4.12).
Expected gain: with may-enter-fs, closes the hole between marking and submitting pages as well.
Expected cost: more callers without __GFP_FS reclaim less; alone no effect on an __GFP_IO test.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reclaimlab.policy import Policy, PolicyInfo, Scope, ScopeChange, Stage, hookimpl, parameter
from reclaimlab.policy.gfp import GFP_FS, PF_MEMALLOC_NOFS

if TYPE_CHECKING:
    from reclaimlab.policy import AllocationView, ScopeView


@dataclass(frozen=True, slots=True)
class Scopes:
    """Which stretches of code are scopes."""

    submission: bool = parameter(
        True,
        "Whether submission is a scope too (seen in v5.14), or only transaction and completion.",
    )


class NofsScope(Policy):
    """Sets PF_MEMALLOC_NOFS in scopes, and makes mm honour it."""

    info = PolicyInfo(
        name="nofs-scope",
        title="memalloc_nofs scopes",
        claim="No allocation inside a transaction, completion or submission has __GFP_FS.",
        references=('7dea19f9ee63 ("mm: introduce memalloc_nofs_{save,restore} API")',),
        row="F11",
    )
    Parameters = Scopes

    @hookimpl
    def enter_scope(self, scope: ScopeView) -> ScopeChange | None:
        scoped = scope.scope in (Scope.TRANSACTION, Scope.COMPLETION_WORK)
        if scoped or (self.parameters.submission and scope.scope is Scope.SUBMISSION):
            return ScopeChange(set_flags=PF_MEMALLOC_NOFS)
        return None

    @hookimpl
    def derive_gfp(self, allocation: AllocationView) -> int | None:
        # current_gfp_context(): in the page allocator and in try_to_free_mem_cgroup_pages().
        if allocation.stage is not Stage.CALLER and allocation.task_flags & PF_MEMALLOC_NOFS:
            return allocation.gfp & ~GFP_FS
        return None
