"""km-noio: XFS allocates without __GFP_IO in its I/O completion.

Problem: the completion allocates with GFP_NOFS, which has __GFP_IO, so it may wait for a page that
    only its own worker pool can finish.
Change: a KM_NOIO beside KM_NOFS, passed in xfs_iomap_write_unwritten() or in every completion.
References: H. Dickins, 20130711, alpine.LNX.2.00.1307111741130.2448@eggly.anvils (first idea).
Expected gain: those call sites never wait for a page under an __GFP_IO test.
Expected cost: sites=unwritten misses xfs_setfilesize(), which is the one in the posted stacks; the
    filesystem must know where mm waits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reclaimlab.policy import Policy, PolicyInfo, Stage, hookimpl, parameter
from reclaimlab.policy.gfp import GFP_FS, GFP_IO

if TYPE_CHECKING:
    from reclaimlab.policy import AllocationView

SITES: Final = {
    "unwritten": ("xfs_iomap_write_unwritten",),
    "all": ("xfs_iomap_write_unwritten", "xfs_setfilesize"),
}


@dataclass(frozen=True, slots=True)
class Sites:
    """Where KM_NOIO is passed."""

    sites: str = parameter(
        "unwritten",
        "The completions that pass KM_NOIO: only unwritten conversion, or size updates as well.",
        choices=("unwritten", "all"),
    )


class KmNoio(Policy):
    """Turns KM_NOIO into a mask where xfs would pass it."""

    info = PolicyInfo(
        name="km-noio",
        title="KM_NOIO in the XFS completion's allocations",
        claim="An XFS completion that passes KM_NOIO never waits for a page.",
        references=("alpine.LNX.2.00.1307111741130.2448@eggly.anvils",),
        row="F3",
    )
    Parameters = Sites

    @hookimpl
    def derive_gfp(self, allocation: AllocationView) -> int | None:
        # kmem_flags_convert(): an allocation nested below sees no KM_ flag.
        converts = allocation.stage is Stage.CALLER and not allocation.is_nested
        if converts and allocation.within in SITES[self.parameters.sites]:
            return allocation.gfp & ~(GFP_IO | GFP_FS)
        return None
