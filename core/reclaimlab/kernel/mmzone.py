"""The zone: free pages, watermarks, and the LRU lists of each memcg in it.

Follows include/linux/mmzone.h and mm/page_alloc.c:__setup_per_zone_wmarks of v3.10. One zone stands
for the node; lowmem reserves are left out.
"""

from __future__ import annotations

from math import isqrt
from typing import TYPE_CHECKING

from reclaimlab.engine.wait import WaitQueue
from reclaimlab.kernel.folio import LruList
from reclaimlab.units import PAGE_SIZE

if TYPE_CHECKING:
    from reclaimlab.engine.loop import Loop

MIN_FREE_KBYTES = (128, 65536)


class Lruvec:
    """The LRU lists of one memcg (struct lruvec), and the balance between file and anon."""

    __slots__ = (
        "active_anon",
        "active_file",
        "inactive_anon",
        "inactive_file",
        "recent_rotated",
        "recent_scanned",
    )

    def __init__(self, owner: str) -> None:
        self.inactive_anon = LruList(f"{owner}.inactive_anon", active=False, file=False)
        self.active_anon = LruList(f"{owner}.active_anon", active=True, file=False)
        self.inactive_file = LruList(f"{owner}.inactive_file", active=False, file=True)
        self.active_file = LruList(f"{owner}.active_file", active=True, file=True)
        self.recent_scanned = [0, 0]
        self.recent_rotated = [0, 0]
        """Per anon (0) and file (1): struct zone_reclaim_stat."""

    @property
    def nr_file(self) -> int:
        """File pages on its lists."""
        return self.inactive_file.nr + self.active_file.nr

    @property
    def nr_anon(self) -> int:
        """Anonymous pages on its lists."""
        return self.inactive_anon.nr + self.active_anon.nr


class Zone:
    """Free pages and what reclaim knows of the zone.

    Attributes:
        free: free pages. managed: all pages the allocator has.
        isolated: pages in some reclaimer's batch, anon (0) and file (1).
        writeback, dirty, congested: ZONE_WRITEBACK, ZONE_TAIL_LRU_DIRTY, ZONE_CONGESTED.
        pages_scanned: since something was last freed (all_unreclaimable).
        kswapd_failures: fruitless runs of kswapd in a row.
        kswapd_wait: where kswapd idles.
    """

    __slots__ = (
        "all_unreclaimable", "congested", "dirty", "free", "high_wmark", "isolated",
        "kswapd_failures", "kswapd_wait", "low_wmark", "managed", "min_wmark", "pages_scanned",
        "writeback",
    )  # fmt: skip

    def __init__(self, loop: Loop, *, managed: int, min_free_bytes: int) -> None:
        self.managed = managed
        self.free = managed
        min_pages = (
            -(-min_free_bytes // PAGE_SIZE) if min_free_bytes else self._min_free_pages(managed)
        )
        self.min_wmark = min_pages
        self.low_wmark = min_pages + min_pages // 4
        self.high_wmark = min_pages + min_pages // 2
        self.isolated = [0, 0]
        self.writeback = False
        self.dirty = False
        self.congested = False
        self.pages_scanned = 0
        self.all_unreclaimable = False
        self.kswapd_failures = 0
        self.kswapd_wait = WaitQueue(loop, "kswapd_wait", state="S")

    @staticmethod
    def _min_free_pages(managed: int) -> int:
        """init_per_zone_wmark_min(): int_sqrt(16 * lowmem kB), in pages."""
        low, high = MIN_FREE_KBYTES
        kbytes = isqrt(managed * (PAGE_SIZE // 1024) * 16)
        return min(max(kbytes, low), high) * 1024 // PAGE_SIZE
