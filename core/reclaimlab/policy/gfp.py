"""Allocation flags and task flags, with the kernel's bits.

The kernel writes ``__GFP_IO``; here it is :data:`GFP_IO`, because Python mangles leading double
underscores inside classes. Masks are plain ints: they are tested in the innermost loops.

Follows include/linux/gfp.h and include/linux/sched.h of v3.10; bits that came later have the value
of the version that brought them, or a free one.
"""

from __future__ import annotations

from typing import Final

GFP_HIGHMEM: Final = 0x02
GFP_MOVABLE: Final = 0x08
GFP_WAIT: Final = 0x10
"""May sleep. Split into DIRECT_RECLAIM and KSWAPD_RECLAIM in v4.4; the model keeps the one bit."""
GFP_HIGH: Final = 0x20
GFP_IO: Final = 0x40
GFP_FS: Final = 0x80
GFP_NOFAIL: Final = 0x800
GFP_NORETRY: Final = 0x1000
GFP_HARDWALL: Final = 0x20000

GFP_ATOMIC: Final = GFP_HIGH
GFP_NOIO: Final = GFP_WAIT
GFP_NOFS: Final = GFP_WAIT | GFP_IO
GFP_KERNEL: Final = GFP_WAIT | GFP_IO | GFP_FS
GFP_HIGHUSER_MOVABLE: Final = GFP_KERNEL | GFP_HARDWALL | GFP_HIGHMEM | GFP_MOVABLE

PF_WQ_WORKER: Final = 0x20
PF_MEMALLOC: Final = 0x800
PF_KSWAPD: Final = 0x40000
PF_MEMALLOC_NOIO: Final = 0x80000
PF_FSTRANS: Final = 0x20000
PF_LESS_THROTTLE: Final = 0x100000
PF_KTHREAD: Final = 0x200000
PF_MEMALLOC_NOFS: Final = 0x400000
"""7dea19f9ee63 ("mm: introduce memalloc_nofs_{save,restore} API") (in v4.12)."""

_GFP_NAMES: Final = (
    (GFP_HIGHUSER_MOVABLE, "GFP_HIGHUSER_MOVABLE"),
    (GFP_KERNEL, "GFP_KERNEL"),
    (GFP_NOFS, "GFP_NOFS"),
    (GFP_NOIO, "GFP_NOIO"),
    (GFP_FS, "__GFP_FS"),
    (GFP_IO, "__GFP_IO"),
    (GFP_HIGH, "__GFP_HIGH"),
    (GFP_NOFAIL, "__GFP_NOFAIL"),
    (GFP_NORETRY, "__GFP_NORETRY"),
    (GFP_HARDWALL, "__GFP_HARDWALL"),
    (GFP_HIGHMEM, "__GFP_HIGHMEM"),
    (GFP_MOVABLE, "__GFP_MOVABLE"),
)


def describe_gfp(mask: int) -> str:
    """Return ``mask`` as the kernel's tracepoints print it, such as ``GFP_NOFS|__GFP_HARDWALL``."""
    names = []
    for bits, name in _GFP_NAMES:
        if bits & mask == bits:
            names.append(name)
            mask &= ~bits
    return "|".join(names) or "none"
