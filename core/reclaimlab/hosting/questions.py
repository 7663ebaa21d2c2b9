"""A grid of questions for every decision hook: what conformance and tests ask policies.

Not every combination can happen in a kernel; a policy must answer all of them soundly.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, Final

from reclaimlab.policy import (
    AllocationView,
    ChargeFailureView,
    DirtierView,
    FilesystemView,
    FolioView,
    ProgressView,
    ReclaimView,
    Scope,
    ScopeView,
    Stage,
)
from reclaimlab.policy import gfp as bits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

FILESYSTEMS: Final = ("xfs", "ext4", "ext3", "gfs2", "tmpfs")
CGROUPS: Final = ("v1", "v2")
MASKS: Final = (bits.GFP_KERNEL, bits.GFP_NOFS, bits.GFP_NOIO, bits.GFP_HIGHUSER_MOVABLE)
KTHREAD: Final = bits.PF_KTHREAD | bits.PF_WQ_WORKER
KSWAPD: Final = bits.PF_KTHREAD | bits.PF_KSWAPD | bits.PF_MEMALLOC

Question = tuple[Any, ...]


def folios() -> Iterator[FolioView]:
    """Yield pages under writeback, met before or not, of a file or of the swap cache."""
    for reclaim, swapcache in product((False, True), repeat=2):
        yield FolioView(reclaim=reclaim, swapcache=swapcache, dirty=False, writeback=True)


def reclaims(
    masks: tuple[int, ...] = MASKS, priorities: tuple[int, ...] = (12, 9, 1, 0)
) -> Iterator[ReclaimView]:
    """Yield passes of reclaim: every kind of task, target and zone."""
    targets = ((False, True), (True, False), (True, True))  # targets_memcg, sane
    zones = (
        (False, False, False),
        (True, False, False),
        (False, True, False),
        (False, False, True),
        (True, True, True),
    )  # writeback, dirty, congested
    tasks = (0, KTHREAD, KSWAPD, bits.PF_LESS_THROTTLE)
    for gfp, flags, target, priority, zone in product(masks, tasks, targets, priorities, zones):
        yield ReclaimView(gfp, flags, *target, bool(flags & bits.PF_KSWAPD), priority, *zone)


def progresses(point: str) -> Iterator[ProgressView]:
    """Yield what a batch or a pass brought, from nothing to a batch full of trouble."""
    quiet = ProgressView(
        point="batch" if point == "batch" else "pass",
        nr_taken=32,
        nr_scanned=32,
        total_scanned=32,
        nr_reclaimed=0,
        nr_dirty=0,
        nr_unqueued_dirty=0,
        nr_congested=0,
        nr_writeback=0,
        nr_immediate=0,
        bdi_congested=False,
        has_slow_folio=False,
        has_slow_folio_io=False,
    )
    yield quiet
    yield quiet._replace(nr_reclaimed=32)
    yield quiet._replace(total_scanned=48)
    yield quiet._replace(total_scanned=49)
    yield quiet._replace(nr_dirty=32, nr_unqueued_dirty=32, total_scanned=5000)
    yield quiet._replace(nr_dirty=4, nr_writeback=4)
    yield quiet._replace(nr_dirty=32, nr_writeback=32, has_slow_folio_io=True)
    yield quiet._replace(nr_dirty=32, nr_writeback=31, nr_immediate=1)
    yield quiet._replace(
        nr_dirty=32,
        nr_writeback=32,
        nr_congested=32,
        bdi_congested=True,
        has_slow_folio=True,
        has_slow_folio_io=True,
    )


def _scopes() -> Iterator[Question]:
    for scope, filesystem, flags in product(Scope, (*FILESYSTEMS, ""), (0, KTHREAD)):
        yield (ScopeView(scope, filesystem, flags),)


def _allocations() -> Iterator[Question]:
    sites = (
        # site, within, km_nofs, aop_nofs, filesystem
        ("xfs_inode_item_format_extents", "xfs_setfilesize", False, False, "xfs"),
        ("xfs_trans_alloc", "xfs_iomap_write_unwritten", True, False, "xfs"),
        ("__vmalloc", "xfs_setfilesize", True, False, "xfs"),
        ("grab_cache_page_write_begin", "", False, True, "xfs"),
        ("grab_cache_page_write_begin", "", False, False, "ext4"),
        ("do_anonymous_page", "", False, False, ""),
    )
    noio, nofs = bits.PF_MEMALLOC_NOIO, bits.PF_MEMALLOC_NOFS
    flags = (0, bits.PF_FSTRANS, noio, nofs, noio | nofs)
    for stage, gfp, task, site in product(Stage, (*MASKS, bits.GFP_ATOMIC), flags, sites):
        yield (AllocationView(stage, gfp, task, *site),)


def _failures() -> Iterator[Question]:
    kernel = bits.GFP_KERNEL
    masks = (kernel, bits.GFP_NOFS, bits.GFP_ATOMIC, kernel | bits.GFP_NOFAIL)
    for gfp, flags, size, attempts, freed, fault, cgroup in product(
        (*masks, kernel | bits.GFP_NORETRY),
        (0, bits.PF_MEMALLOC),
        (1, 8, 9, 512),
        (1, 5, 6, 16, 17),
        (0, 10),
        (False, True),
        CGROUPS,
    ):
        order = (size - 1).bit_length()
        yield (ChargeFailureView(gfp, flags, size, order, attempts, freed, fault, cgroup, kills=0),)


def _dirtiers() -> Iterator[Question]:
    for flags, filesystem, inside, cgroup in product(
        (0, bits.PF_LESS_THROTTLE), FILESYSTEMS, (False, True), CGROUPS
    ):
        yield (DirtierView(flags, filesystem, inside, cgroup),)


def _throttles(*points: str) -> Callable[[], Iterator[Question]]:
    def questions() -> Iterator[Question]:
        asked = list(reclaims((bits.GFP_KERNEL, bits.GFP_NOFS), (12, 1)))
        for point in points:
            yield from product(progresses(point), asked)

    return questions


QUESTIONS: Final[Mapping[str, Callable[[], Iterator[Question]]]] = {
    "describe_kernel": lambda: ((each,) for each in CGROUPS),
    "describe_filesystem": lambda: ((FilesystemView(each),) for each in FILESYSTEMS),
    "enter_scope": _scopes,
    "derive_gfp": _allocations,
    "decide_writeback_wait": lambda: product(folios(), reclaims()),
    "decide_dirty_folio": lambda: product(
        (each._replace(dirty=True, writeback=False) for each in folios()), reclaims()
    ),
    "throttle_after_batch": _throttles("batch"),
    "throttle_after_pass": _throttles("pass"),
    "decide_flusher_wakeup": _throttles("batch", "pass"),
    "decide_oom": _failures,
    "throttle_dirty": _dirtiers,
}
"""The questions of each decision hook, each a tuple of the hook's arguments."""
