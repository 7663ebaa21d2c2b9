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
    from reclaimlab.kernel.kernel import Kernel
    from reclaimlab.kernel.memcontrol import MemCgroup


def reclaim_clean_tail(k: Kernel, memcg: MemCgroup, nr: int) -> int:
    """Free ``nr`` pages or fewer, in whole batches, as far as clean ones stand at the tail.

    Returns the CPU time in ns; 0 if not even one batch does, or if reclaim would look elsewhere
    too: then nothing was done.
    """
    lruvec = memcg.lruvec
    lru = lruvec.inactive_file
    batches = -(-nr // SWAP_CLUSTER_MAX)
    need = batches * SWAP_CLUSTER_MAX
    if memcg.parent is not None or lru.nr < need:
        return 0
    if vmscan.inactive_list_is_low(k, lru.nr, lruvec.active_file.nr, file=True):
        return 0
    ready = 0
    for extent in lru:
        if extent.dirty or extent.unit is not None or extent.locked is not None or extent.mapped:
            break
        ready += extent.nr
        if ready >= need:
            break
    batches = min(ready, need) // SWAP_CLUSTER_MAX
    need = left = batches * SWAP_CLUSTER_MAX
    while left > 0 and (oldest := lru.tail) is not None:
        if oldest.nr <= left:
            left -= oldest.nr
            lru.remove(oldest)
            filemap.remove_mapping(k, oldest)
        else:
            filemap.trim_front(k, oldest, left)
            left = 0
    memcg.failcnt += batches
    memcg.pgscan += need
    memcg.pgsteal += need
    lruvec.recent_scanned[1] += need
    k.vmstat.memcg_reclaims += batches
    k.vmstat.pgscan += need
    k.vmstat.pgsteal += need
    scan_ns = costs.scan_ns(batches, need, need, has_folios=k.features.folio_names)
    return batches * costs.RECLAIM_CALL_NS + scan_ns + need * costs.FREE_PAGE_NS
