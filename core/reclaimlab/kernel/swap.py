"""Anonymous memory: faults, swap-out by reclaim, swap-in on the next touch.

Follows mm/memory.c and mm/swapfile.c of v3.10. Departures: the swap cache lasts only while a page
is written; a swapped page is known by count, not by slot.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from reclaimlab.engine.wait import Completion
from reclaimlab.kernel import costs, memcontrol, page_alloc, page_writeback
from reclaimlab.kernel.folio import Extent
from reclaimlab.kernel.writeback_unit import WritebackUnit
from reclaimlab.policy.gfp import GFP_HIGHUSER_MOVABLE
from reclaimlab.units import PAGE_SIZE

if TYPE_CHECKING:
    from reclaimlab.block import BlockDevice
    from reclaimlab.engine.task import Steps
    from reclaimlab.kernel.kernel import Kernel
    from reclaimlab.kernel.process import Process

SWAPIN_CLUSTER = 8
"""Pages read at once (page_cluster 3)."""


class SwapArea:
    """A swap device: how many slots, how many in use (pages)."""

    __slots__ = ("device", "slots", "used")

    def __init__(self, device: BlockDevice, slots: int) -> None:
        self.device = device
        self.slots = slots
        self.used = 0


def has_room(k: Kernel, nr: int) -> bool:
    """Return whether ``nr`` pages fit into swap."""
    return k.swap is not None and k.swap.used + nr <= k.swap.slots


def swap_writepage(k: Kernel, extent: Extent, *, may_block: bool) -> Steps:
    """Write anonymous pages to swap; they are free for the taking when it ends.

    add_to_swap(), try_to_unmap() and swap_writepage() in one. A congested queue is left alone, but
    not by kswapd (PF_SWAPWRITE), which sleeps for room instead. Gives whether it wrote.
    """
    area: SwapArea = k.swap
    device = area.device
    if (device.write_congested() and not may_block) or not has_room(k, extent.nr):
        return False
    area.used += extent.nr
    extent.swapcache = True
    extent.mapped = False
    extent.reclaim = True
    unit = WritebackUnit(
        k.loop, extent.mapping, f"swap write of {extent.mapping.name}+{extent.index}", k.current
    )
    page_writeback.set_page_writeback(k, extent, unit)
    unit.submitted_ns = k.loop.now
    k.vmstat.pswpout += extent.nr
    done = partial(end_swap_bio_write, k, unit)
    yield from device.submit_bio(extent.nr * PAGE_SIZE, done, write=True)
    return True


def end_swap_bio_write(k: Kernel, unit: WritebackUnit) -> None:
    """End the writeback, in the interrupt."""
    unit.done_ns = k.loop.now
    page_writeback.end_page_writeback(k, unit)


def handle_mm_fault(k: Kernel, process: Process, nr: int) -> Steps:
    """Fault in ``nr`` new anonymous pages; give False if the task was killed meanwhile."""
    return (yield from do_anonymous_page(k, process, nr))


def do_anonymous_page(k: Kernel, process: Process, nr: int) -> Steps:
    """Allocate, charge and map ``nr`` anonymous pages."""
    gfp = GFP_HIGHUSER_MOVABLE
    if not page_alloc.try_alloc(k, nr):
        yield from alloc_pages_vma(k, gfp, nr)
    charged = yield from memcontrol.mem_cgroup_charge(
        k, process.memcg, gfp, nr, from_page_fault=True
    )
    if not charged:
        page_alloc.free_pages(k, nr)
        return False
    map_anonymous(k, process, nr)
    k.vmstat.pgfault += nr
    spent_ns = nr * costs.PAGE_FAULT_NS
    if not k.loop.elapse(spent_ns):
        yield spent_ns
    return not k.current.killed


def alloc_pages_vma(k: Kernel, gfp: int, nr: int) -> Steps:
    """Allocate user pages."""
    yield from page_alloc.alloc_pages_nodemask(k, gfp, nr, "alloc_pages_vma")


def map_anonymous(k: Kernel, process: Process, nr: int) -> None:
    """Add ``nr`` charged pages to the process, in use, on the inactive or active anon list."""
    del k
    mapping = process.anon
    mapping.private = process
    extent = Extent(mapping, mapping.size_pages, nr, process.memcg)
    mapping.size_pages += nr
    extent.mapped = True
    extent.referenced = True
    mapping.insert(extent)
    process.memcg.lruvec.active_anon.add_head(extent)
    process.rss_pages += nr


def touch(k: Kernel, process: Process, nr: int) -> Steps:
    """Use ``nr`` of the process's pages: reference those in memory, read back some of the rest."""
    for extent in process.anon.pages:
        extent.referenced = extent.referenced or extent.mapped
    total = process.rss_pages + process.swapped_pages
    missing = min(process.swapped_pages, nr * process.swapped_pages // total) if total else 0
    while missing > 0 and not k.current.killed:
        part = min(missing, SWAPIN_CLUSTER, process.swapped_pages)
        if part <= 0:
            break
        yield from do_swap_page(k, process, part)
        missing -= part


def do_swap_page(k: Kernel, process: Process, nr: int) -> Steps:
    """Read ``nr`` swapped pages back."""
    yield from swapin_readahead(k, nr)
    charged = yield from memcontrol.mem_cgroup_charge(
        k, process.memcg, GFP_HIGHUSER_MOVABLE, nr, from_page_fault=True
    )
    if not charged:
        page_alloc.free_pages(k, nr)
        return
    process.swapped_pages -= nr
    k.swap.used -= nr
    map_anonymous(k, process, nr)


def swapin_readahead(k: Kernel, nr: int) -> Steps:
    """Allocate pages and read them from swap."""
    yield from read_swap_cache_async(k, nr)
    done = Completion(k.loop, "PG_locked", resource=k.swap.device)
    k.swap.device.submit_now(nr * PAGE_SIZE, done.complete_all, write=False)
    k.vmstat.pswpin += nr
    if not done.done:
        yield done.queue


def read_swap_cache_async(k: Kernel, nr: int) -> Steps:
    """Allocate the pages that swap is read into."""
    if not page_alloc.try_alloc(k, nr):
        yield from alloc_pages_vma(k, GFP_HIGHUSER_MOVABLE, nr)


def exit_mmap(k: Kernel, process: Process) -> None:
    """Free all anonymous memory of a process that ends; pages being written go once they end."""
    mapping = process.anon
    for extent in list(mapping.pages):
        if extent.unit is not None or extent.lru is None:
            continue  # in flight or isolated: the next reclaimer frees it
        extent.lru.remove(extent)
        mapping.pages.remove(extent)
        extent.memcg.uncharge(extent.nr)
        process.rss_pages -= extent.nr
        k.zone.free += extent.nr
        if extent.swapcache:
            k.swap.used -= extent.nr  # written and not yet freed: its slots go with it
        extent.nr = 0
    if k.swap is not None:
        k.swap.used -= process.swapped_pages
    process.swapped_pages = 0
    k.zone.pages_scanned = 0
    k.progress_ns = k.loop.now
