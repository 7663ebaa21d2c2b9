"""Pages off an LRU list into a reclaimer's batch, and what is left of them back.

Follows mm/vmscan.c of v3.10 (isolate_lru_pages, putback_inactive_pages, too_many_isolated).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.kernel.quiet_pages import pages_per_quota
from reclaimlab.policy.gfp import GFP_FS, GFP_IO

if TYPE_CHECKING:
    from reclaimlab.kernel.folio import Extent, LruList
    from reclaimlab.kernel.kernel import Kernel
    from reclaimlab.kernel.mmzone import Lruvec
    from reclaimlab.kernel.scan_control import ScanControl, ShrinkStat


def isolate_lru_pages(lru: LruList, quota: int) -> list[Extent]:
    """Take a batch off the tail of ``lru``: for each 32 of ``quota`` 32 pages, or a larger folio.

    isolate_lru_folios() stops once it has taken nr_to_scan (32) pages, in whole folios; the
    caller's quota shrinks by 32 all the same. So lists of folios of 1 MiB are scanned eight times
    over.
    """
    batch: list[Extent] = []
    end = lru.head_end
    while quota > 0 and (extent := end.newer) is not end:
        folio, want = extent.folio_pages, quota
        if folio > 1:
            weight = pages_per_quota(folio)
            want = -(-quota * weight // folio) * folio
        if extent.nr > want:
            extent.mapping.split(extent, want)
        lru.remove(extent)
        batch.append(extent)
        quota -= -(-extent.nr // weight) if folio > 1 else extent.nr
    return batch


def putback_inactive_pages(k: Kernel, lru: LruList, lruvec: Lruvec, stat: ShrinkStat) -> None:
    """Return what was not freed: kept pages to their list's head, others to the active head."""
    for extent in stat.kept:
        if extent.nr:
            lru.put_back_head(extent)
    active = lruvec.active_file if lru.file else lruvec.active_anon
    for extent in stat.activated:
        if extent.nr:
            nr = extent.nr
            active.put_back_head(extent)
            lruvec.recent_rotated[lru.file] += nr
            k.vmstat.pgactivate += nr


def too_many_isolated(k: Kernel, lru: LruList, sc: ScanControl) -> bool:
    """Return whether direct reclaimers hold more isolated pages than the inactive list has.

    Asked by global reclaim only, and never so for kswapd; callers with both FS and IO may isolate
    only an eighth.
    """
    if sc.is_kswapd:
        return False
    inactive = sum(
        (g.lruvec.inactive_file if lru.file else g.lruvec.inactive_anon).nr for g in k.memcgs
    )
    if sc.gfp & (GFP_IO | GFP_FS) == GFP_IO | GFP_FS:
        inactive >>= 3
    return k.zone.isolated[lru.file] > inactive and inactive > 0
