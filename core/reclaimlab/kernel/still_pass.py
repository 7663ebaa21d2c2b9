"""Passes of reclaim that find everything as the pass before left it.

Where no time passes while a task runs, a pass that freed nothing, changed nothing and did not sleep
would do the same again, but for what policies make of the rising priority. So they are asked what
such a pass would ask them; if every answer is the same, it is over without looking at a page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from reclaimlab.kernel import backing_dev, reclaim_throttle
from reclaimlab.kernel.scan_control import SWAP_CLUSTER_MAX, ScanControl, ShrinkStat
from reclaimlab.policy.contexts import FolioView

if TYPE_CHECKING:
    from reclaimlab.kernel.folio import Extent, LruList
    from reclaimlab.kernel.kernel import Kernel
    from reclaimlab.policy.decisions import DirtyDecision, WritebackDecision


class Still(NamedTuple):
    """A pass that changed nothing: what it met, and what it was answered."""

    stat: ShrinkStat
    writeback: list[WritebackDecision | None]
    dirty: list[DirtyDecision | None]


def still_pass(
    k: Kernel, lru: LruList, batch: list[Extent], sc: ScanControl, stat: ShrinkStat
) -> Still | None:
    """Return the pass that consisted of just this batch, if another like it would do the same.

    The caller has made sure that no page is in another state and that nobody slept or was woken.
    """
    memcg = sc.target
    if memcg is None or k.swap is not None or k.features.memcg_shrinkers:
        return None
    lruvec = memcg.lruvec
    alone = lruvec.nr_file + lruvec.nr_anon == lru.nr <= SWAP_CLUSTER_MAX
    if not alone or sc.nr_scanned != stat.scanned or list(lru) != batch:
        return None
    return Still(stat, *sc.answers())


def repeats(k: Kernel, sc: ScanControl) -> bool:
    """Return whether the pass now begun does what the one before did, and is counted as done."""
    still, memcg = sc.still, sc.target
    if still is None or memcg is None or k.nr_writeback > k.global_domain.dirty_limit > 0:
        return False
    if 0 < memcg.lruvec.inactive_file.nr >> sc.priority < memcg.lruvec.inactive_file.nr:
        return False  # a part of the list is looked at, which turns it
    if not _same_answers(k, sc, still):
        return False
    stat = still.stat
    before = sc.counts()
    sc.add(stat)
    sc.nr_scanned += stat.scanned
    if stat.nr_writeback or stat.nr_dirty or stat.nr_immediate:
        progress = sc.batch_progress(stat, bdi_congested=backing_dev.any_congested(k))
        if k.hooks.decide_flusher_wakeup(progress, sc.view).wake or reclaim_throttle.sleeps(
            k, k.hooks.throttle_after_batch(progress, sc.view)
        ):
            sc.set_counts(before)
            return False
    return True


def _same_answers(k: Kernel, sc: ScanControl, still: Still) -> bool:
    for key, decision in enumerate(still.writeback):
        if decision is not None:
            folio = FolioView(bool(key & 1), bool(key & 2), bool(key & 4), writeback=True)
            if k.hooks.decide_writeback_wait(folio, sc.view) != decision:
                return False
    for key, choice in enumerate(still.dirty):
        if choice is not None:
            folio = FolioView(bool(key & 1), bool(key & 2), dirty=True, writeback=False)
            if k.hooks.decide_dirty_folio(folio, sc.view) != choice:
                return False
    return True
