"""Shrinkers: reclaim of kernel objects, and the recursion into the filesystem that NOFS exists for.

Follows mm/vmscan.c:shrink_slab(), fs/super.c:prune_super() and fs/xfs/xfs_icache.c of v3.10. Global
reclaim only, until shrinkers learned of memcgs (v4.0).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from reclaimlab.policy.gfp import GFP_FS

if TYPE_CHECKING:
    from reclaimlab.engine.task import Steps
    from reclaimlab.kernel.kernel import Kernel
    from reclaimlab.kernel.scan_control import ScanControl

SHRINK_BATCH = 128


class Shrinker(Protocol):
    """A cache that can give memory back (struct shrinker)."""

    name: str

    def count(self) -> int:
        """Return how many objects could be freed."""
        ...

    def scan(self, k: Kernel, nr: int, gfp: int) -> Steps:
        """Free up to ``nr`` objects; give how many pages that freed."""
        ...


def shrink_slab(k: Kernel, sc: ScanControl) -> Steps:
    """Ask each shrinker for a share of its objects; one that needs __GFP_FS refuses without it."""
    for shrinker in k.shrinkers:
        total = shrinker.count()
        nr = min(total, max(total >> sc.priority, SHRINK_BATCH if total else 0))
        if not nr or not sc.gfp & GFP_FS:
            continue
        k.vmstat.slabs_scanned += nr
        sc.nr_reclaimed += yield from prune_super(k, shrinker, nr, sc.gfp)


def prune_super(k: Kernel, shrinker: Shrinker, nr: int, gfp: int) -> Steps:
    """Free inodes and dentries of one filesystem."""
    return (yield from shrinker.scan(k, nr, gfp))
