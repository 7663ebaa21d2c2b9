"""How hard each list is scanned: its share by priority, and the balance of file and anon.

Follows get_scan_count() and inactive_list_is_low() of mm/vmscan.c of v3.10.
"""

from __future__ import annotations

from math import isqrt
from typing import TYPE_CHECKING

from reclaimlab.kernel import swap
from reclaimlab.kernel.scan_control import SWAP_CLUSTER_MAX
from reclaimlab.units import GIB, PAGE_SIZE

if TYPE_CHECKING:
    from reclaimlab.kernel.folio import LruList
    from reclaimlab.kernel.kernel import Kernel
    from reclaimlab.kernel.memcontrol import MemCgroup
    from reclaimlab.kernel.mmzone import Lruvec
    from reclaimlab.kernel.scan_control import ScanControl


def inactive_list_is_low(k: Kernel, inactive: int, active: int, *, file: bool) -> bool:
    """Return whether the inactive list is short against the active one."""
    if file and not k.features.file_inactive_ratio:
        return active > inactive
    gigabytes = (inactive + active) * PAGE_SIZE // GIB
    return inactive * max(1, isqrt(10 * gigabytes)) < active


def get_scan_count(k: Kernel, lruvec: Lruvec, sc: ScanControl, memcg: MemCgroup) -> list[int]:
    """Return how many pages to scan: inactive anon, active anon, inactive file, active file."""
    force = sc.target is not None or (sc.is_kswapd and k.zone.all_unreclaimable)
    if k.swap is None:
        inactive = scan_share(lruvec.inactive_file, sc.priority, force=force)
        return [0, 0, inactive, scan_share(lruvec.active_file, sc.priority, force=force)]
    lists = (lruvec.inactive_anon, lruvec.active_anon, lruvec.inactive_file, lruvec.active_file)
    scans = [scan_share(lru, sc.priority, force=force) for lru in lists]
    swappiness = k.swappiness if memcg.swappiness is None else memcg.swappiness
    if not swap.has_room(k, 1) or not sc.may_swap or (sc.target is not None and not swappiness):
        return [0, 0, scans[2], scans[3]]
    if not sc.priority and swappiness:
        return scans
    if not inactive_list_is_low(k, lruvec.inactive_file.nr, lruvec.active_file.nr, file=True):
        return [0, 0, scans[2], scans[3]]
    return _balance(lruvec, swappiness, scans)


def scan_share(lru: LruList, priority: int, *, force: bool) -> int:
    """Return a list's share at a priority; with ``force`` a batch rather than nothing."""
    nr = lru.nr
    return nr >> priority or (min(nr, SWAP_CLUSTER_MAX) if force and nr else 0)


def _balance(lruvec: Lruvec, swappiness: int, scans: list[int]) -> list[int]:
    """Divide the scan between anon and file by how often each was found in use."""
    scanned, rotated = lruvec.recent_scanned, lruvec.recent_rotated
    for kind, size in ((0, lruvec.nr_anon), (1, lruvec.nr_file)):
        if scanned[kind] > size // 4:
            scanned[kind] //= 2
            rotated[kind] //= 2
    anon = swappiness * (scanned[0] + 1) // (rotated[0] + 1)
    file = (200 - swappiness) * (scanned[1] + 1) // (rotated[1] + 1)
    total = anon + file + 1
    return [
        scans[0] * anon // total,
        scans[1] * anon // total,
        scans[2] * file // total,
        scans[3] * file // total,
    ]
