"""Pages of which nothing can come: batches of them are looked at in one step.

A batch that is like one looked at in the same pass, of which nothing came and after which nobody
slept or was woken, would come to the same: its pages go to the other end of their list, counted as
in shrink_page_list() of mm/vmscan.c, without being isolated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from reclaimlab.kernel.scan_control import SWAP_CLUSTER_MAX, ScanControl, ShrinkStat
from reclaimlab.policy.decisions import Action

if TYPE_CHECKING:
    from reclaimlab.kernel.folio import Extent, LruList
    from reclaimlab.kernel.kernel import Kernel
    from reclaimlab.kernel.mmzone import Lruvec

FREEABLE = frozenset({0, 4})
"""States (see scan_state) of pages that reclaim can free on the spot."""
DIRTY_OR_WRITEBACK = 3
"""The part of such a state that rules about whole batches go by."""
MAX_BULK = 1024
"""Most pages looked at in one step when nothing can come of it; a quarter of a millisecond."""


def pages_per_quota(folio_pages: int) -> int:
    """Return how many pages of such folios one page of quota buys: 1 up to folios of 32 pages."""
    return folio_pages // SWAP_CLUSTER_MAX or 1


def scan_state(extent: Extent) -> int:
    """Return in one number what decides on the fate of a page; see FREEABLE."""
    return (
        extent.dirty
        | (extent.unit is not None) << 1
        | extent.reclaim << 2
        | (extent.mapped and extent.referenced) << 3
        | (extent.mapped and not extent.swapcache) << 4
    )


def quiet_quota(k: Kernel, lru: LruList, sc: ScanControl, quota: int) -> tuple[int, list[int]]:
    """Return how much of ``quota`` can be spent in one step because nothing can come of it.

    And the states of the extents that were looked at for that, oldest first.

    That is so while the oldest pages are in states of which a batch was looked at in this pass
    (``sc.quiet``), nothing came of it, and nobody wanted to sleep or to wake anyone after it. Whole
    batches only; 0 if it is not even two.
    """
    states: list[int] = []
    most, quiet = min(quota, MAX_BULK), 0
    swappable = may_swap(k, sc)
    extent, end = lru.head_end.newer, lru.head_end
    while quiet < most and extent is not end:
        state = scan_state(extent)
        if state not in sc.quiet or extent.locked is not None or (state & 16 and swappable):
            break
        states.append(state)
        folio = extent.folio_pages
        quiet += extent.nr if folio == 1 else extent.nr // pages_per_quota(folio)
        extent = extent.newer
    batches = min(quiet, most) // SWAP_CLUSTER_MAX
    return batches * SWAP_CLUSTER_MAX if batches > 1 else 0, states


def may_swap(k: Kernel, sc: ScanControl) -> bool:
    """Return whether pages could be written to swap now."""
    return k.swap is not None and (sc.is_kswapd or not k.swap.device.write_congested())


class Fate(NamedTuple):
    """What becomes of pages in one state of which nothing can come."""

    activates: bool
    marks: bool
    immediate: bool


def fate_of(k: Kernel, sc: ScanControl, extent: Extent, state: int) -> Fate:
    """Return the fate of ``extent``, in a state that :func:`quiet_quota` has allowed for."""
    if state & 2:
        decision = sc.writeback_decision(k, extent)
        activates = decision.action is Action.ACTIVATE
        return Fate(activates, decision.mark_reclaim, decision.immediate)
    if state & 8:
        return Fate(activates=True, marks=False, immediate=False)
    if state & 1:
        choice = sc.dirty_decision(k, extent)
        return Fate(choice.action is Action.ACTIVATE, choice.mark_reclaim, immediate=False)
    return Fate(activates=False, marks=False, immediate=False)


def rotate_quiet(
    k: Kernel,
    lru: LruList,
    lruvec: Lruvec,
    sc: ScanControl,
    stat: ShrinkStat,
    quota: int,
    states: list[int],
) -> None:
    """Look at several batches in one step: pages that :func:`quiet_quota` has allowed for."""
    end = lru.head_end
    fates: dict[int, Fate] = {}
    pages_in: dict[int, int] = {}
    for state in states:
        if quota <= 0:
            break
        extent = end.newer
        nr, folio = extent.nr, extent.folio_pages
        weight = pages_per_quota(folio) if folio > 1 else 1
        most = -(-quota * weight // folio) * folio if folio > 1 else quota
        if nr > most:
            extent.mapping.split(extent, most)
            nr = most
        quota -= -(-nr // weight) if folio > 1 else nr
        stat.folios += -(-nr // folio) if folio > 1 else nr
        state |= extent.swapcache << 5
        fate = fates.get(state)
        if fate is None:
            fate = fates[state] = fate_of(k, sc, extent, state)
        pages_in[state] = pages_in.get(state, 0) + nr
        if fate.marks:
            extent.reclaim = True
        if fate.activates:
            if not state & 2:
                extent.referenced = extent.referenced and not state & 8
            lru.remove(extent)
            (lruvec.active_file if lru.file else lruvec.active_anon).put_back_head(extent)
        else:
            lru.rotate(extent)
    for state, nr in pages_in.items():
        _count_rotated(k, lruvec, lru, stat, state, nr, fates[state])
    stat.nr_taken = stat.scanned


def _count_rotated(
    k: Kernel, lruvec: Lruvec, lru: LruList, stat: ShrinkStat, state: int, nr: int, fate: Fate
) -> None:
    stat.scanned += nr
    if fate.activates:
        k.vmstat.pgactivate += nr
        lruvec.recent_rotated[lru.file] += nr
    if state & 2:
        stat.nr_dirty += nr
        stat.nr_congested += nr if state & 4 else 0
        stat.nr_immediate += nr if fate.immediate else 0
        stat.nr_writeback += 0 if fate.immediate else nr
    elif state & 1 and not state & 8:
        stat.nr_dirty += nr
        stat.nr_unqueued_dirty += nr


def remember_quiet(sc: ScanControl, states: set[int] | None) -> None:
    """Note the states of a batch after which nobody slept or was woken; None: somebody was."""
    if states is None or not states.isdisjoint(FREEABLE):
        sc.quiet.clear()
    elif all(state & DIRTY_OR_WRITEBACK == 1 for state in states):
        sc.quiet |= states
    else:  # A mixed batch says nothing of one that is all dirty, which wakes or waits.
        sc.quiet |= {state for state in states if state & DIRTY_OR_WRITEBACK != 1}
