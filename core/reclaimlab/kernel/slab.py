"""Kernel objects: caches that take a page only when they have no free object left.

Follows mm/slab.c of v3.10 as far as a stack shows it (__kmalloc, fallback_alloc, kmem_getpages) and
fs/xfs/kmem.c:kmem_alloc().
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from reclaimlab.kernel import memcontrol, page_alloc
from reclaimlab.policy.contexts import AllocationView, Stage
from reclaimlab.policy.gfp import GFP_KERNEL, GFP_NOFS
from reclaimlab.units import PAGE_SIZE

if TYPE_CHECKING:
    from reclaimlab.engine.task import Steps
    from reclaimlab.kernel.kernel import Kernel
    from reclaimlab.kernel.process import Process


KMALLOC_SIZES = (32, 64, 96, 128, 192, 256, 512, 1024, 2048, 4096)
NEW_FILE_BYTES = 1_500
"""Kernel memory that a new file keeps: inode, dentry, log item. kmem_bytes over files made, in
e_small_xfs_20MBps_100M_r1 (6.18): 1.8 kB for the first thousands, 1.4 kB when reclaim has begun to
free them."""


def d_alloc(k: Kernel, process: Process) -> Steps:
    """Allocate what the kernel keeps of a new file; charged to its memcg where slab is.

    The charge comes out of the stock of 64 pages, which page-cache charges have filled: so it goes
    by their mask. Gives False if the task was killed for it.
    """
    memcg = process.memcg
    if not k.features.charges_kernel_memory or memcg.is_root:
        return True
    memcg.slab_bytes += NEW_FILE_BYTES
    nr, memcg.slab_bytes = divmod(memcg.slab_bytes, PAGE_SIZE)
    if nr:
        yield from memcontrol.mem_cgroup_charge(k, memcg, GFP_NOFS, nr)
        memcg.kernel_pages += nr
    return not k.current.killed


class KmemCache:
    """Objects of one size.

    Attributes:
        free: objects without a user. pages: pages the cache holds.
        batchcount: objects moved between a cpu's array and the node (enable_cpucache()).
    """

    __slots__ = ("batchcount", "free", "name", "pages", "per_page", "size")

    def __init__(self, name: str, size: int) -> None:
        self.name = name
        self.size = size
        self.per_page = max(1, PAGE_SIZE // size)
        self.batchcount = 60 if size <= 256 else 27 if size <= 1024 else 12
        self.free = 0
        self.pages = 0


def kmem_cache(k: Kernel, size: int) -> KmemCache:
    """Return the cache that serves ``size`` bytes: kmalloc-32, -64, -96, -128, -192, -256, ..."""
    name, fit = _kmalloc_slot(size)
    cache = k.caches.get(name)
    if cache is None:
        cache = k.caches[name] = KmemCache(name, fit)
    return cache


@functools.cache
def _kmalloc_slot(size: int) -> tuple[str, int]:
    fit = next((each for each in KMALLOC_SIZES if each >= size), KMALLOC_SIZES[-1])
    return f"kmalloc-{fit}", fit


def kfree(k: Kernel, size: int, count: int = 1) -> None:
    """Give objects back; beyond the cache's free limit whole pages go back to the zone at once.

    free_block() of v3.10: a slab without a user is destroyed while more than free_limit objects are
    free. So a checkpoint that frees a thousand log vectors empties the cache, and the next commits
    need new pages.
    """
    cache = kmem_cache(k, size)
    cache.free += count
    over = cache.free - (1 + k.cpus) * cache.batchcount - cache.per_page
    spare = min(over // cache.per_page, cache.pages)
    if spare > 0:
        cache.free -= spare * cache.per_page
        cache.pages -= spare
        page_alloc.free_pages(k, spare)


def cache_reap(k: Kernel, size: int) -> None:
    """Give back every page of a cache that has no object in use, as a timer does every 2 s."""
    cache = kmem_cache(k, size)
    spare = cache.free // cache.per_page
    cache.free -= spare * cache.per_page
    cache.pages -= spare
    page_alloc.free_pages(k, spare)


def caller_gfp(
    k: Kernel, gfp: int, site: str, within: str, filesystem: str, *, km_nofs: bool = False
) -> int:
    """Return the mask with which a caller goes to the allocator, as the policies derive it."""
    view = AllocationView(
        Stage.CALLER,
        gfp,
        k.current.flags,
        site,
        within,
        km_nofs=km_nofs,
        aop_nofs=False,
        filesystem=filesystem,
    )
    return k.hooks.derive_gfp(view)


def kmem_alloc(
    k: Kernel,
    size: int,
    site: str,
    *,
    within: str = "",
    filesystem: str = "",
    km_nofs: bool = False,
) -> Steps:
    """Allocate one object for a filesystem: KM_SLEEP, or KM_NOFS, turned into a gfp mask."""
    cache = kmem_cache(k, size)
    if cache.free:
        cache.free -= 1
        return
    gfp = caller_gfp(k, GFP_KERNEL, site, within, filesystem, km_nofs=km_nofs)
    yield from __kmalloc(k, cache, gfp, site)


def kmalloc(k: Kernel, size: int, gfp: int, site: str) -> Steps:
    """Allocate one object with exactly this mask: no filesystem wrapper looks at it."""
    cache = kmem_cache(k, size)
    if cache.free:
        cache.free -= 1
    else:
        yield from __kmalloc(k, cache, gfp, site)


def __kmalloc(k: Kernel, cache: KmemCache, gfp: int, site: str) -> Steps:
    """Allocate one object."""
    if not cache.free:
        yield from ____cache_alloc_node(k, cache, gfp, site)
    cache.free -= 1


def ____cache_alloc_node(k: Kernel, cache: KmemCache, gfp: int, site: str) -> Steps:
    """Refill the cache of this node."""
    yield from fallback_alloc(k, cache, gfp, site)


def fallback_alloc(k: Kernel, cache: KmemCache, gfp: int, site: str) -> Steps:
    """Take a page from any node."""
    yield from kmem_getpages(k, cache, gfp, site)


def kmem_getpages(k: Kernel, cache: KmemCache, gfp: int, site: str) -> Steps:
    """Take one page for the cache."""
    got = page_alloc.try_alloc(k, 1)
    if not got:
        got = yield from page_alloc.alloc_pages_nodemask(k, gfp, 1, site)
    cache.pages += 1
    cache.free += cache.per_page
