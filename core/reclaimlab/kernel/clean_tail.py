"""The shortcut of memcg reclaim: clean pages that stand ready at the tail of the inactive list.

A writer at its limit spends most charges so: the oldest pages are clean, reclaim takes 32 of them
at the first priorities, no page asks a policy anything and nothing can sleep. Then it comes to the
same, and costs a tenth, to free what several charges need in one step, without the layers of
try_to_free_mem_cgroup_pages(). Where anything else stands at the tail the long way is taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.kernel import costs, filemap, vmscan
from reclaimlab.kernel.scan_control import SWAP_CLUSTER_MAX, TIME_STEP_NS
from reclaimlab.kernel.scan_count import inactive_list_is_low

if TYPE_CHECKING:
    from reclaimlab.kernel.folio import LruList
    from reclaimlab.kernel.kernel import Kernel
    from reclaimlab.kernel.memcontrol import MemCgroup
    from reclaimlab.kernel.mmzone import Lruvec
    from reclaimlab.kernel.scan_control import ScanControl


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
    active = lruvec.active_file.nr
    if active and inactive_list_is_low(k, lru.nr, active, file=True):
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
    vmstat = k.vmstat
    vmstat.memcg_reclaims += batches
    vmstat.pgscan += need
    vmstat.pgsteal += need
    return batches * (costs.RECLAIM_CALL_NS + k.scan_batch_ns) + need * k.free_clean_ns


def shrink_clean_tail(k: Kernel, sc: ScanControl) -> bool:
    """Do one pass over a memcg, if that is to free a batch of clean pages; say whether it was.

    Else nothing was done, and the pass is for shrink_zones().
    """
    memcg = sc.target
    if memcg is None or k.swap is not None:
        return False
    lruvec = memcg.lruvec
    lru = lruvec.inactive_file
    quota = lru.nr >> sc.priority
    if not quota:
        quota = min(lru.nr, SWAP_CLUSTER_MAX)  # scan_share() of memcg reclaim
    if quota > SWAP_CLUSTER_MAX or lruvec.active_file.nr or vmscan.writeout_is_over(k):
        return False
    if sc.debt_ns + k.scan_batch_ns + quota * k.free_clean_ns > TIME_STEP_NS:
        return False
    if not quota or not free_clean_batch(k, quota, lruvec, lru, sc):
        return False
    sc.still = None
    return True


def free_clean_batch(k: Kernel, quota: int, lruvec: Lruvec, lru: LruList, sc: ScanControl) -> int:
    """Free a batch of small clean file pages, if the tail has a whole one; return the quota spent.

    The common case, without the bookkeeping of pages that are kept: no policy is asked.
    """
    spent = quota if quota < SWAP_CLUSTER_MAX else SWAP_CLUSTER_MAX
    end, ready = lru.head_end, 0
    extent = end.newer
    while ready < spent:
        if (
            extent is end
            or extent.unit is not None
            or extent.dirty
            or extent.locked is not None
            or extent.mapped
            or extent.folio_pages > 1
        ):
            return 0
        ready += extent.nr
        extent = extent.newer
    if not lru.file or k.trace is not None:
        return 0
    filemap.free_clean_tail(k, lru, spent)
    zone = k.zone
    zone.all_unreclaimable = False
    zone.kswapd_failures = 0
    lruvec.recent_scanned[1] += spent
    sc.nr_taken += spent
    sc.nr_reclaimed += spent
    sc.debt_ns += k.scan_batch_ns + spent * k.free_clean_ns
    sc.count(k, spent, spent)
    if sc.quiet:
        sc.quiet.clear()
    return spent


def _clean_at_tail(lru: LruList, most: int) -> int:
    """Return how many pages at the tail can be freed on the spot, ``most`` at the most."""
    ready, end = 0, lru.head_end
    extent = end.newer
    while extent is not end:
        if extent.unit is not None or extent.dirty or extent.locked is not None or extent.mapped:
            return ready
        ready += extent.nr
        if ready >= most:
            return most
        extent = extent.newer
    return ready
