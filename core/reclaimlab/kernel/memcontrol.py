"""Memory cgroups: charges, hard-limit reclaim, soft-limit reclaim.

Follows mm/memcontrol.c: __mem_cgroup_try_charge() of v3.10 (try_charge() since v3.17),
mem_cgroup_soft_limit_reclaim(). Departures: a charge takes just the pages it needs instead of a
batch of 32 with a per-cpu stock; hierarchies are charged upwards but reclaimed at the level over
its limit only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.engine.wait import WaitQueue
from reclaimlab.kernel import costs, oom, vmscan
from reclaimlab.kernel.mmzone import Lruvec
from reclaimlab.policy.contexts import ChargeFailureView
from reclaimlab.policy.decisions import OomAction
from reclaimlab.policy.gfp import GFP_WAIT, PF_MEMALLOC

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reclaimlab.engine.loop import Loop
    from reclaimlab.engine.task import Steps
    from reclaimlab.kernel.dirty_domain import DirtyDomain
    from reclaimlab.kernel.kernel import Kernel

MEM_CGROUP_MAX_RECLAIM_LOOPS = 100
MEM_CGROUP_MAX_SOFT_LIMIT_RECLAIM_LOOPS = 2
MEMCG_CHARGE_BATCH = 64
"""Pages that a processor charges at once; what a charge leaves of them is its stock."""
UNLIMITED = 1 << 62


class MemCgroup:
    """One memory cgroup; sizes in pages.

    Attributes:
        usage: pages charged, kernel memory included. limit, soft_limit, high: UNLIMITED if not set.
        nr_dirty, nr_writeback: its file pages in these states.
        under_oom: tasks wait for the OOM killer; failcnt: charges that met the limit.
        slab_bytes: charged kernel objects that do not fill a page yet.
        stock: pages of ``usage`` that processors have charged ahead.
        domain: its dirty-throttling domain (cgroup writeback), if it has one.
    """

    __slots__ = (
        "congested",
        "domain",
        "failcnt",
        "high",
        "is_root",
        "kernel_pages",
        "limit",
        "lruvec",
        "name",
        "nr_dirty",
        "nr_writeback",
        "oom_kills",
        "oom_wait",
        "parent",
        "peak_usage",
        "pgscan",
        "pgsteal",
        "reclaim_ns",
        "slab_bytes",
        "soft_limit",
        "stock",
        "swappiness",
        "under_oom",
        "usage",
        "wbs",
    )  # fmt: skip

    def __init__(
        self,
        loop: Loop,
        name: str,
        *,
        limit: int = 0,
        soft_limit: int = 0,
        high: int = 0,
        swappiness: int | None = None,
        parent: MemCgroup | None = None,
        is_root: bool = False,
    ) -> None:
        self.name = name
        self.is_root = is_root
        self.limit = limit or UNLIMITED
        self.soft_limit = soft_limit or UNLIMITED
        self.high = high or UNLIMITED
        self.swappiness = swappiness
        self.parent = parent
        self.usage = 0
        self.peak_usage = 0
        self.kernel_pages = 0
        self.stock = 0
        self.slab_bytes = 0
        self.nr_dirty = 0
        self.nr_writeback = 0
        self.failcnt = 0
        self.pgscan = 0
        self.pgsteal = 0
        self.reclaim_ns = 0
        self.oom_kills = 0
        self.under_oom = False
        self.congested = False
        self.oom_wait = WaitQueue(loop, "memcg_oom_waitq", state="K")
        self.lruvec = Lruvec(name)
        self.domain: DirtyDomain | None = None
        self.wbs: dict[str, object] = {}

    def __repr__(self) -> str:
        return f"<MemCgroup {self.name}, {self.usage} of {self.limit} pages>"

    def margin(self) -> int:
        """Return how many pages can still be charged."""
        if self.parent is None:  # the common case, without a generator
            return self.limit - self.usage
        return min(group.limit - group.usage for group in self.lineage())

    @property
    def soft_excess(self) -> int:
        """Pages over the soft limit; not above 0 when under it."""
        return self.usage - self.soft_limit

    def lineage(self) -> Iterator[MemCgroup]:
        """Itself and its ancestors, without the root."""
        group: MemCgroup | None = self
        while group is not None:
            yield group
            group = group.parent

    def try_charge(self, nr: int) -> MemCgroup | None:
        """Charge ``nr`` pages; return the group whose limit forbids it, or None."""
        if self.parent is None:  # the common case, without a generator
            usage = self.usage + nr
            if usage > self.limit:
                return self
            self.usage = usage
            if usage > self.peak_usage:
                self.peak_usage = usage
            return None
        for group in self.lineage():
            if group.usage + nr > group.limit:
                return group
        self.charge(nr)
        return None

    def charge(self, nr: int) -> None:
        """Charge ``nr`` pages, limit or not."""
        self.usage = usage = self.usage + nr
        if usage > self.peak_usage:
            self.peak_usage = usage
        if self.parent is not None:
            self.parent.charge(nr)

    def uncharge(self, nr: int) -> None:
        """Give ``nr`` pages back."""
        self.usage -= nr
        if self.parent is not None:
            self.parent.uncharge(nr)


def mem_cgroup_charge(
    k: Kernel, memcg: MemCgroup, gfp: int, nr: int, *, order: int = 0, from_page_fault: bool = False
) -> Steps:
    """Charge ``nr`` pages to ``memcg``, reclaiming at its limit; give False for -ENOMEM."""
    over = memcg.try_charge(nr)
    if over is None:
        k.progress_ns = k.loop.now
        return True
    return (yield from __mem_cgroup_try_charge(k, memcg, over, gfp, nr, order, from_page_fault))


def __mem_cgroup_try_charge(
    k: Kernel,
    memcg: MemCgroup,
    over: MemCgroup,
    gfp: int,
    nr: int,
    order: int,
    from_page_fault: bool,
) -> Steps:
    """Reclaim and retry until the charge fits, or the policy says otherwise."""
    attempts = kills = 0
    freed, hopeless = 0, False
    task = k.current
    while True:
        if task.killed or task.flags & PF_MEMALLOC:
            memcg.charge(nr)  # a dying task, or one that frees memory, is let over the limit
            return True
        if not gfp & GFP_WAIT:
            return False
        over.failcnt += 1
        if not hopeless:
            sleeps = k.vmstat.reclaim_sleeps
            freed = yield from mem_cgroup_do_charge(k, over, gfp, nr)
            hopeless = not freed and _stands_still(k, sleeps)
            drain_all_stock(over)
        if memcg.margin() < nr:
            fruitless = not (freed and nr <= 8)
            attempts += fruitless
            failure = ChargeFailureView(
                gfp, task.flags, nr, order, attempts, freed, from_page_fault, k.cgroup, kills
            )
            action = k.hooks.decide_oom(failure)
            if action is OomAction.ENOMEM:
                return False
            if action is OomAction.FORCE:
                memcg.charge(nr)
                return True
            if action is OomAction.KILL:
                yield from oom.mem_cgroup_handle_oom(k, over, gfp, nr)
                attempts, kills, hopeless = 0, kills + 1, False
        blocked = memcg.try_charge(nr)
        if blocked is None:
            k.progress_ns = k.loop.now
            return True
        over = blocked


def refill_stock(memcg: MemCgroup) -> None:
    """Charge ahead what small charges, such as page faults, leave of their last batch.

    Called when a program has begun: what is charged in small later is used up before the limit is
    met, or there is no room left for a batch. The stocks of other processors are left out.
    """
    if not memcg.stock and not memcg.is_root:
        memcg.stock = -memcg.usage % MEMCG_CHARGE_BATCH
        memcg.charge(memcg.stock)


def drain_all_stock(memcg: MemCgroup) -> None:
    """Give back what processors have charged ahead, since a charge has failed."""
    if memcg.stock:
        memcg.uncharge(memcg.stock)
        memcg.stock = 0


def mem_cgroup_do_charge(k: Kernel, over: MemCgroup, gfp: int, nr: int) -> Steps:
    """Reclaim once for a charge, as mem_cgroup_reclaim() does; give the pages freed.

    Up to v3.11 one attempt calls try_to_free_mem_cgroup_pages() up to 100 times, until there is a
    margin, and gives up after a second call that freed nothing.
    """
    total = 0
    for loop in range(k.features.memcg_reclaim_loops):
        sleeps = k.vmstat.reclaim_sleeps
        freed = yield from vmscan.try_to_free_mem_cgroup_pages(k, over, gfp, nr)
        total += freed
        if over.limit - over.usage >= 1:
            break
        if (loop and not total) or (not freed and _stands_still(k, sleeps)):
            break
    return total


def _stands_still(k: Kernel, sleeps: int) -> bool:
    """Return whether to reclaim once more, after a fruitless try, would find all as it was.

    Only where no time passes while a task runs, and only if that try never slept.
    """
    return k.loop.timeless and k.vmstat.reclaim_sleeps == sleeps


def mem_cgroup_largest_soft_limit_node(
    k: Kernel, skip: MemCgroup | None = None
) -> MemCgroup | None:
    """Return the memcg most above its soft limit."""
    candidates = [group for group in k.memcgs if group.soft_excess > 0 and group is not skip]
    return max(candidates, key=lambda group: group.soft_excess, default=None)


def mem_cgroup_soft_limit_reclaim(k: Kernel, gfp: int) -> Steps:
    """Reclaim from the memcgs most above their soft limit; give the pages freed and scanned.

    Global reclaim and kswapd come here first. With this a target memcg is set, and everything that
    holds for memcg reclaim holds for an allocation that has nothing to do with that memcg.
    """
    freed = scanned = loops = 0
    group = mem_cgroup_largest_soft_limit_node(k)
    while group is not None:
        reclaimed, looked_at = yield from mem_cgroup_soft_reclaim(k, group, gfp)
        freed += reclaimed
        scanned += looked_at
        following = mem_cgroup_largest_soft_limit_node(k, skip=None if reclaimed else group)
        if freed or following is None or loops > MEM_CGROUP_MAX_SOFT_LIMIT_RECLAIM_LOOPS:
            break
        group, loops = following, loops + 1
    return freed, scanned


def mem_cgroup_soft_reclaim(k: Kernel, group: MemCgroup, gfp: int) -> Steps:
    """Scan ``group`` in full rounds until it has given back a quarter of its excess.

    The first fruitless round marks PageReclaim on every page under writeback; the second, at once
    after it, finds the mark.
    """
    k.vmstat.soft_limit_reclaims += 1
    excess = group.soft_excess
    total = scanned = 0
    for loop in range(1, MEM_CGROUP_MAX_RECLAIM_LOOPS + 2):
        freed, looked_at = yield from vmscan.mem_cgroup_shrink_node_zone(k, group, gfp)
        total += freed
        scanned += looked_at
        if group.soft_excess <= 0:
            break
        if loop >= 2 and (not total or total >= excess >> 2):
            break
    if not k.loop.elapse(costs.RECLAIM_CALL_NS):
        yield costs.RECLAIM_CALL_NS
    return total, scanned
