"""The shortcut of memcg reclaim: clean pages that stand ready at the tail of the inactive list.

A writer at its limit spends most charges so: the oldest pages are clean, reclaim takes 32 of them
at the first priorities, no page asks a policy anything and nothing can sleep. Then it comes to the
same, and costs a tenth, to free what several charges need in one step, without the layers of
try_to_free_mem_cgroup_pages(). Where anything else stands at the tail the long way is taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.kernel import costs, filemap, vmscan
from reclaimlab.kernel.scan_control import SWAP_CLUSTER_MAX

if TYPE_CHECKING:
    from reclaimlab.kernel.folio import LruList
    from reclaimlab.kernel.kernel import Kernel
    from reclaimlab.kernel.memcontrol import MemCgroup


def reclaim_clean_tail(k: Kernel, memcg: MemCgroup, nr: int) -> int:
    """Free ``nr`` pages or fewer, in whole batches, as far as clean ones stand at the tail.

    Returns the CPU time in ns; 0 if not even one batch does, or if reclaim would look elsewhere
    too: then nothing was done.
    """
    lruvec = memcg.lruvec
    lru = lruvec.inactive_file
    need = -(-nr // SWAP_CLUSTER_MAX) * SWAP_CLUSTER_MAX
    if memcg.parent is not None or lru.nr < need:
        return 0
    if vmscan.inactive_list_is_low(k, lru.nr, lruvec.active_file.nr, file=True):
        return 0
    batches = _clean_at_tail(lru, need) // SWAP_CLUSTER_MAX
    if not batches:
        return 0
    need = batches * SWAP_CLUSTER_MAX
    filemap.free_clean_tail(k, lru, need)
    memcg.failcnt += batches
    memcg.pgscan += need
    memcg.pgsteal += need
    lruvec.recent_scanned[1] += need
    k.vmstat.memcg_reclaims += batches
    k.vmstat.pgscan += need
    k.vmstat.pgsteal += need
    return batches * (costs.RECLAIM_CALL_NS + k.scan_batch_ns) + need * k.free_clean_ns


def _clean_at_tail(lru: LruList, most: int) -> int:
    """Return how many pages at the tail can be freed on the spot, ``most`` at the most."""
    ready = 0
    extent = lru.head_end.newer
    while ready < most and extent is not lru.head_end:
        if extent.dirty or extent.unit is not None or extent.locked is not None or extent.mapped:
            return ready
        ready += extent.nr
        extent = extent.newer
    return min(ready, most)
