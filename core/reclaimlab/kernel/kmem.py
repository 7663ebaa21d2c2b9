"""Kernel memory that is charged to a memcg.

Follows mm/memcontrol.c:memcg_charge_kmem() of v3.10: the charge reclaims at the memcg's limit like
any other, but nobody is killed for it. One that fails goes over the limit, as a charge did that was
bypassed; or its caller tries again for ever, as fs/xfs/kmem.c:kmem_alloc() does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.kernel import memcontrol, reclaim_throttle
from reclaimlab.units import MSEC

if TYPE_CHECKING:
    from reclaimlab.engine.task import Steps
    from reclaimlab.kernel.kernel import Kernel
    from reclaimlab.kernel.memcontrol import MemCgroup

RETRY_NS = 20 * MSEC
"""HZ/50, the nap of kmem_alloc() before it tries again."""


def memcg_charge_kmem(
    k: Kernel, memcg: MemCgroup, gfp: int, nr: int, *, retries_for_ever: bool = False
) -> Steps:
    """Charge ``nr`` pages of kernel memory; comes back only when they are charged."""
    over = memcg.try_charge(nr)
    while over is not None:
        over.failcnt += 1
        yield from memcontrol.mem_cgroup_do_charge(k, over, gfp, nr)
        over = memcg.try_charge(nr)
        if over is None:
            break
        if not retries_for_ever:
            memcg.charge(nr)
            break
        yield from reclaim_throttle.congestion_wait(k, RETRY_NS)
    memcg.kernel_pages += nr
    k.progress_ns = k.loop.now


def memcg_uncharge_kmem(memcg: MemCgroup, nr: int) -> None:
    """Give kernel memory back."""
    memcg.uncharge(nr)
    memcg.kernel_pages -= nr
