"""Every calibrated constant of the model, with unit and source; nothing is fitted anywhere else.

Constants of the kernel itself (SWAP_CLUSTER_MAX, HZ/10 ...) stand where they are used, under their
own names. What stands here is how long things take on a machine, which no source code tells.
"""

from __future__ import annotations

from typing import Final

SCAN_FOLIO_NS: Final = 250
"""Reclaim looking at a folio it cannot free: two list moves, page lock, flags, a cache miss.
Together with SCAN_PAGE_NS it gives 1 us for a folio of 50 pages, which is what recording
a_seq_xfs_20MBps_32M_r1 (6.18) shows: 0.2 s of CPU for 4.5 million pages, each visited on two
lists."""

SCAN_PAGE_NS: Final = 15
"""What each page of a folio adds (statistics); same recording."""

FREE_PAGE_NS: Final = 150
"""Freeing one clean page-cache page, beyond looking at it."""

RECLAIM_CALL_NS: Final = 2_000
"""Entering and leaving one try_to_free_pages(); thus even a fruitless retry takes time."""

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
