"""Every calibrated constant of the model, with unit and source; nothing is fitted anywhere else.

Constants of the kernel itself (SWAP_CLUSTER_MAX, HZ/10 ...) stand where they are used, under their
own names. What stands here is how long things take on a machine, which no source code tells.
"""

from __future__ import annotations

from typing import Final

SCAN_FOLIO_NS: Final = 350
"""Reclaim looking at a folio it cannot free, small or large: two list moves, page lock, flags, a
cache miss. 342 ns over fruitless passes of 7149 folios of one page, each visited on two lists: 16
of them take 66 ms before the kill of o_seq4k_xfs_20MBps_32M_r1 (its failcnt and memory pressure,
while nothing sleeps). 4 us for a batch of 32 pages in about eight folios in the trace of
e_small_xfs_20MBps_100M_r1 says the same (all 6.18)."""

SCAN_BATCH_NS: Final = 1_000
"""What a batch adds: LRU lock, counters, lists of its own. 1.1 us between two batches of one folio
of 256 pages on the inactive list in the trace of a_seq_xfs_20MBps_32M_r1, and 2.0 us a batch all
told, with the active list's part, over the fruitless passes of that of
o_seq_xfs_20MBps_100M_deepqueue_r1 (6.18), whatever the size of the folios."""

SCAN_PAGE_2013_NS: Final = 265
"""The same on the machines of kernels before folios (up to v5.16), a page at a time; one to two
tenths of a second for the 24 scans of a 20 MiB memcg is the order of magnitude."""


def scan_ns(batches: int, folios: int, pages: int, *, has_folios: bool) -> int:
    """Return the time that reclaim takes to look at so many batches of folios and pages."""
    if has_folios:
        return batches * SCAN_BATCH_NS + folios * SCAN_FOLIO_NS
    return pages * SCAN_PAGE_2013_NS


FREE_PAGE_NS: Final = 150
"""Freeing one clean page-cache page, beyond looking at it."""

RECLAIM_CALL_NS: Final = 2_000
"""Entering and leaving one try_to_free_pages(); thus even a fruitless retry takes time."""

WRITE_FOLIO_NS: Final = 2_600
"""One turn of write(2) besides copying: look-up, allocation, charge, lists, dirty state; per folio,
so per page where there are no large ones. 3.0 us for a write() of 4 KiB in v_seq4k_xfs_20MBps_100M,
8.6 us for 64 KiB in o_seq64k_xfs_20MBps_32M_r1, 103 us for 1 MiB in a_seq_xfs_20MBps_100M_r1 (all
6.18) give 2.6 us a folio and 0.38 us a page."""

BUFFER_HEADS_NS: Final = 700
"""What ext4 adds for each page of a write(): its buffer heads. 287 us for 1 MiB against XFS's 103
in a_seq_ext4_20MBps_100M_r1 (6.18)."""

WRITEPAGE_NS: Final = 1_200
"""The flusher preparing one folio for writeback: 3 to 16 us in the emulated guest (writeback_start
to writeback_written of 2048 pages in h61q_20MBps_v1_xfs_seq_100M and h61q_20MBps_v2_xfs_seq_100M),
which is slower by a factor of 8 (scenarios/importers/setup.py)."""

ALLOC_PAGE_NS: Final = 200
"""Allocating and charging one page without reclaim."""

SUBMIT_REQUEST_NS: Final = 5_000
"""Building and queueing one request; Linux block layer figures of 5 to 10 us."""

MAP_EXTENT_NS: Final = 20_000
"""One extent allocation in the filesystem: transaction, btree lookup."""

COMPLETE_PAGE_NS: Final = 100
"""end_page_writeback() of one page: rotation, wake-up."""

COMMIT_NS: Final = 15_000
"""CPU time of one small XFS transaction commit."""

FORK_NS: Final = 50_000
"""copy_process() for a kernel thread."""

PAGE_FAULT_NS: Final = 1_000
"""One anonymous fault: zeroing a page included."""
