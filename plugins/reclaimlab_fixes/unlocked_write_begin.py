"""unlocked-write-begin: write(2) takes its page-cache pages with __GFP_FS, outside the transaction.

Problem: write_begin allocates and charges with AOP_FLAG_NOFS, so a wait test on __GFP_FS excludes
    the very writers that must be slowed down.
Change: grab_cache_page_write_begin() before the transaction and without AOP_FLAG_NOFS.
References: H. Dickins, alpine.LNX.2.00.1307111741130.2448@eggly.anvils (second idea); Linux
    kernel commit 47564bfb95bf ("ext4: grab page before starting transaction handle in
    write_begin()") (in v3.9).
Expected gain: together with may-enter-fs, no OOM and no wait in completions.
Expected cost: each filesystem is reworked; XFS still holds its IOLOCK while it waits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reclaimlab.policy import Policy, PolicyInfo, Scope, ScopeChange, hookimpl, parameter

if TYPE_CHECKING:
    from reclaimlab.policy import ScopeView


@dataclass(frozen=True, slots=True)
class Reworked:
    """Which filesystems have been reworked."""

    filesystems: str = parameter(
        "all",
        "The filesystem whose write_begin is reworked; all of them cost the most work.",
        choices=("all", "ext4", "xfs", "gfs2"),
    )


class UnlockedWriteBegin(Policy):
    """Clears AOP_FLAG_NOFS in write_begin."""

    info = PolicyInfo(
        name="unlocked-write-begin",
        title="Page-cache pages allocated with __GFP_FS, outside the transaction",
        claim="Writers may wait for writeback again, so a test on __GFP_FS does not OOM them.",
        references=(
            "alpine.LNX.2.00.1307111741130.2448@eggly.anvils",
            '47564bfb95bf ("ext4: grab page before starting transaction handle in write_begin()")',
        ),
        row="F5",
    )
    Parameters = Reworked

    @hookimpl
    def enter_scope(self, scope: ScopeView) -> ScopeChange | None:
        reworked = self.parameters.filesystems in ("all", scope.filesystem)
        if scope.scope is Scope.WRITE_BEGIN and reworked:
            return ScopeChange(aop_nofs=False)
        return None
