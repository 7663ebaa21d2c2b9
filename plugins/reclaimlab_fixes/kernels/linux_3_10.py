"""Linux 3.10: memcg reclaim waits for any page it meets twice, if the mask has __GFP_IO.

The hook answers of v3.6 to v3.10; the parameters take the two changes of one commit apart.
Linux kernel commit c3b94f44fcb0 ("memcg: further prevent OOM with too many dirty pages") (in v3.6).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from reclaimlab.policy import Action, PolicyInfo, Stage, WritebackDecision, hookimpl, parameter
from reclaimlab.policy.gfp import GFP_IO, PF_MEMALLOC_NOIO
from reclaimlab_fixes.kernels.linux_3_5 import Linux35

if TYPE_CHECKING:
    from reclaimlab.policy import AllocationView, FolioView, ReclaimView


@dataclass(frozen=True, slots=True)
class Switches:
    """The two changes that c3b94f44fcb0 made at once."""

    test: str = parameter(
        "io",
        "What a mask must allow before reclaim waits; none waits whatever the mask.",
        choices=("io", "fs", "none"),
    )
    mark: str = parameter(
        "all",
        "Which skipped pages get PageReclaim: every page under writeback, or only dirty ones.",
        choices=("all", "dirty"),
    )


class Linux310(Linux35):
    """Answers every hook as Linux 3.10 does: the kernel of the posted hang."""

    info = PolicyInfo(
        name="linux-3.10",
        title="Linux 3.10: memcg reclaim waits on PageReclaim pages, test on __GFP_IO",
        claim="No early OOM on any filesystem tested, but an I/O completion may wait on itself.",
        references=(
            'c3b94f44fcb0 ("memcg: further prevent OOM with too many dirty pages")',
            "alpine.LSU.2.00.1207160131120.3936@eggly.anvils",
            "20130708125352.GC20149@dhcp22.suse.cz",
        ),
        kind="kernel",
        row="F2",
    )
    Parameters: ClassVar[type[Any]] = Switches

    # 47564bfb95bf (in v3.9): ext4 takes the page before the journal handle, with the full mask.
    NOFS_WRITE_BEGIN = frozenset({"xfs", "gfs2"})

    def context_mask(self, allocation: AllocationView) -> int:
        """Return memalloc_noio_flags(): clears __GFP_IO only, so may_enter_fs stays true."""
        noio = allocation.task_flags & PF_MEMALLOC_NOIO
        if noio and allocation.stage is Stage.PAGE_ALLOCATOR:
            return allocation.gfp & ~GFP_IO
        return allocation.gfp

    @hookimpl
    def decide_writeback_wait(self, folio: FolioView, reclaim: ReclaimView) -> WritebackDecision:
        if reclaim.targets_memcg and folio.reclaim and self._may_wait(folio, reclaim):
            return WritebackDecision(Action.WAIT)  # the page stays locked
        return WritebackDecision(Action.KEEP, mark_reclaim=self.parameters.mark == "all")

    def _may_wait(self, folio: FolioView, reclaim: ReclaimView) -> bool:
        if self.parameters.test == "fs":
            return folio.may_enter_fs(reclaim.gfp)
        return self.parameters.test == "none" or bool(reclaim.gfp & GFP_IO)
