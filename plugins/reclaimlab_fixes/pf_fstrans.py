"""pf-fstrans: the page allocator clears __GFP_FS in a task that has PF_FSTRANS.

Problem: vmalloc() and other nested allocations in a transaction are GFP_KERNEL whatever the caller
    asked for, so their reclaim can re-enter the filesystem.
Change: honour PF_FSTRANS where PF_MEMALLOC_NOIO is honoured: memalloc_noio_flags().
References: D. Chinner, 20130713032900.GC5228@dastard ("as an idle thought").
Expected gain: no shrinker recursion in an XFS transaction; most KM_ wrappers could go.
Expected cost: none known; alone it changes nothing where the wait test is on __GFP_IO (3.6 to 4.1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.policy import Policy, PolicyInfo, Stage, hookimpl
from reclaimlab.policy.gfp import GFP_FS, PF_FSTRANS

if TYPE_CHECKING:
    from reclaimlab.policy import AllocationView


class PfFstrans(Policy):
    """Makes mm look at PF_FSTRANS."""

    info = PolicyInfo(
        name="pf-fstrans",
        title="The page allocator honours PF_FSTRANS",
        claim="No allocation inside a transaction re-enters the filesystem.",
        references=("20130713032900.GC5228@dastard",),
        row="F4",
    )

    @hookimpl
    def derive_gfp(self, allocation: AllocationView) -> int | None:
        in_page_allocator = allocation.stage is Stage.PAGE_ALLOCATOR
        if in_page_allocator and allocation.task_flags & PF_FSTRANS:
            return allocation.gfp & ~GFP_FS
        return None
