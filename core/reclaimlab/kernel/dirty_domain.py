"""Dirty domains: how many pages may be dirty, and how hard dirtiers are held back.

Follows mm/page-writeback.c of v3.10 (global_dirty_limits, pos_ratio_polynom, bdi_position_ratio)
and of v4.4 for memcgs (mdtc_calc_avail, Linux kernel commit c2aa723a6093 ("writeback: implement
memcg writeback domain based throttling") (in v4.2)). Fixed point with 10 bits, as there. Sizes in
pages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from reclaimlab.kernel.bdi_writeback import RATIO_SHIFT, Fraction
from reclaimlab.units import GIB, MIB, MSEC, PAGE_SIZE

if TYPE_CHECKING:
    from reclaimlab.kernel.bdi_writeback import BdiWriteback
    from reclaimlab.kernel.kernel import Kernel
    from reclaimlab.kernel.memcontrol import MemCgroup

LIMIT_UPDATE_NS = 200 * MSEC
DMA32_PAGES = 3 * GIB // PAGE_SIZE
"""What a PC has below 4 GiB."""
EARLY_PAGES = 256 * MIB // PAGE_SIZE
"""The first section of 128 MiB, and on to the next boundary of one."""


class DirtyState(NamedTuple):
    """One domain at one moment."""

    dirty: int
    """Dirty and under writeback."""
    thresh: int
    bg_thresh: int
    limit: int
    """What pos_ratio counts down to zero at: the threshold, or a lately higher one."""

    @property
    def freerun(self) -> int:
        """Below this nobody is held back."""
        return (self.thresh + self.bg_thresh) // 2

    @property
    def setpoint(self) -> int:
        """Where the balance aims."""
        return (self.freerun + self.limit) // 2


class DirtyDomain:
    """The machine's domain, or one memcg's (struct wb_domain).

    Attributes:
        dirty_limit: follows the threshold up at once and down slowly (global_dirty_limit).
    """

    __slots__ = ("_updated_ns", "completions", "dirty_limit", "memcg")

    def __init__(self, memcg: MemCgroup | None = None) -> None:
        self.memcg = memcg
        self.dirty_limit = 0
        self._updated_ns = 0
        self.completions = Fraction()

    def state(self, k: Kernel) -> DirtyState:
        """Return thresholds and level now."""
        dirty, thresh, background = self.levels(k)
        return DirtyState(dirty, thresh, background, max(thresh, self.dirty_limit))

    def levels(self, k: Kernel) -> tuple[int, int, int]:
        """Return how much is dirty now, the threshold and the background threshold."""
        available = global_dirtyable_memory(k)
        memcg = self.memcg
        if memcg is None:
            return (k.nr_dirty + k.nr_writeback, *_thresholds(k, available))
        dirty = memcg.nr_dirty + memcg.nr_writeback
        return (dirty, *_memcg_thresholds(k, memcg, available))

    def update_limit(self, now_ns: int, state: DirtyState) -> None:
        """Let the limit follow: up at once, down by a 32nd of the gap every 200 ms."""
        limit = self.dirty_limit
        if limit < state.thresh:
            self.dirty_limit = state.thresh
            self._updated_ns = now_ns
        elif now_ns - self._updated_ns >= LIMIT_UPDATE_NS:
            floor = max(state.thresh, state.dirty)
            if limit > floor:
                self.dirty_limit = limit - ((limit - floor) >> 5)
            self._updated_ns = now_ns


def writeback_set_ratelimit(k: Kernel) -> None:
    """Set the limit that the machine starts with, as when its processors came up.

    With deferred struct pages only the zones below the highest one, and two sections (256 MiB) of
    that, were memory then: mm/mm_init.c:defer_init(), deferred_grow_zone() (in v4.2). Nothing
    raises the limit before a dirtier is first held back, so until then a flusher's chunk is small
    on a small machine. Setting vm.dirty_bytes sets the limit too.
    """
    if not k.features.deferred_memory_init:
        return
    memory = k.zone.managed
    lower_zones = DMA32_PAGES if memory > DMA32_PAGES else 0
    early = min(memory, lower_zones + EARLY_PAGES)
    k.global_domain.dirty_limit = _thresholds(k, early)[0]


def global_dirtyable_memory(k: Kernel) -> int:
    """Return free plus file pages, less what the watermarks keep back."""
    zone = k.zone
    pages = zone.free - zone.high_wmark - zone.min_wmark
    for group in k.memcgs:
        lruvec = group.lruvec
        pages += lruvec.inactive_file.nr + lruvec.active_file.nr
    return (pages if pages > 0 else 0) + 1


def _thresholds(k: Kernel, available: int) -> tuple[int, int]:
    settings = k.dirty
    thresh = settings.bytes // PAGE_SIZE if settings.bytes else available * settings.ratio // 100
    background = (
        settings.background_bytes // PAGE_SIZE
        if settings.background_bytes
        else available * settings.background_ratio // 100
    )
    return thresh, min(background, thresh // 2) if background >= thresh else background


def _memcg_thresholds(k: Kernel, memcg: MemCgroup, available: int) -> tuple[int, int]:
    """The same shares of what this memcg could make dirty (mdtc_calc_avail)."""
    settings = k.dirty
    filepages = memcg.lruvec.nr_file
    clean = filepages - min(filepages, memcg.nr_dirty)
    other_clean = max(0, available - (k.nr_dirty + k.nr_writeback) - clean)
    headroom = min(max(0, min(group.limit, group.high) - group.usage) for group in memcg.lineage())
    mine = filepages + min(headroom, other_clean)
    # Byte settings become ratios of the machine, in pages per PAGE_SIZE: domain_dirty_limits().
    ratio = (
        min(settings.bytes // PAGE_SIZE * PAGE_SIZE // available, PAGE_SIZE)
        if settings.bytes
        else settings.ratio * PAGE_SIZE // 100
    )
    background_ratio = (
        min(settings.background_bytes // PAGE_SIZE * PAGE_SIZE // available, PAGE_SIZE)
        if settings.background_bytes
        else settings.background_ratio * PAGE_SIZE // 100
    )
    thresh, background = ratio * mine // PAGE_SIZE, background_ratio * mine // PAGE_SIZE
    return thresh, thresh // 2 if background >= thresh else background


def pos_ratio_polynom(setpoint: int, dirty: int, limit: int) -> int:
    """Return 1 + x^3 for x from 1 at freerun over 0 at the setpoint to -1 at the limit."""
    x = ((setpoint - dirty) << RATIO_SHIFT) // ((limit - setpoint) | 1)
    cube = (x * x >> RATIO_SHIFT) * x >> RATIO_SHIFT
    return min(max(cube + (1 << RATIO_SHIFT), 0), 2 << RATIO_SHIFT)


def position_ratio(state: DirtyState, wb: BdiWriteback, wb_thresh: int, wb_dirty: int) -> int:
    """Return by how much a dirtier's rate differs from the base rate (1 << 10 is equal)."""
    if state.dirty >= state.limit:
        return 0
    setpoint = state.setpoint
    pos_ratio = pos_ratio_polynom(setpoint, state.dirty, state.limit)
    wb_thresh = max(min(wb_thresh, state.thresh), (state.limit - state.dirty) // 8)
    x = (wb_thresh << 16) // (state.thresh + 1)
    wb_setpoint = setpoint * x >> 16
    span = (state.thresh - wb_thresh + 8 * wb.avg_write_bandwidth) * x >> 16
    x_intercept = wb_setpoint + span
    if wb_dirty < x_intercept - span // 4:
        pos_ratio = pos_ratio * (x_intercept - wb_dirty) // (x_intercept - wb_setpoint + 1)
    else:
        pos_ratio //= 4
    x_intercept = wb_thresh // 2
    if wb_dirty < x_intercept:
        pos_ratio = (
            pos_ratio * x_intercept // wb_dirty if wb_dirty > x_intercept // 8 else pos_ratio * 8
        )
    return pos_ratio


def wb_dirty_limit(k: Kernel, domain: DirtyDomain, wb: BdiWriteback, thresh: int) -> int:
    """Return this flusher's share of the threshold, by its share of recent completions.

    One device that does all the writing has all of it; a device that has not written yet is helped
    by the lower bound in :func:`position_ratio`.
    """
    if domain.memcg is not None:
        return thresh  # a memcg's own wb does all of its writing
    domain.completions.age(k.loop.now)
    wb.completions.age(k.loop.now)
    total = domain.completions.count
    return thresh * wb.completions.count // total if total else 0
