"""Names of functions in the era of folios, for stacks of kernels from v5.17 on.

The model's functions carry the names of v3.10; a later kernel's stack is shown with its own.
"""

from __future__ import annotations

from typing import Final

FOLIO_NAMES: Final = {
    "wait_on_page_bit": "folio_wait_writeback",
    "shrink_page_list": "shrink_folio_list",
    "shrink_zone": "shrink_node",
    "shrink_zones": "shrink_zones",
    "mem_cgroup_charge": "__mem_cgroup_charge",
    "__mem_cgroup_try_charge": "try_charge_memcg",
    "__alloc_pages_nodemask": "__alloc_pages",
    "xfs_file_aio_write": "xfs_file_buffered_write",
    "generic_perform_write": "iomap_file_buffered_write",
    "ext4_file_write": "ext4_file_write_iter",
    "xfs_vm_writepages": "xfs_vm_writepages",
    "get_request": "blk_mq_get_tag",
    "xfs_log_commit_cil": "xlog_cil_commit",
}
"""v3.10 name -> v6.x name; others are unchanged."""

HIDDEN_SINCE_FOLIOS: Final = frozenset({"mem_cgroup_do_charge"})
"""Functions that were folded into their callers."""


OURS: Final = frozenset(
    {
        "writer", "reader", "mapper", "build", "metadata", "rename", "loop",  # programs
        "fault_in", "touch", "sleep", "create", "writepages", "writepage", "write_run", "scan",
        "submit", "kmalloc",
    }
)  # fmt: skip
"""Functions of the model that stand for no function of the kernel: they do not show in a stack."""


def kernel_stack(stack: tuple[str, ...], *, folios: bool) -> tuple[str, ...]:
    """Return ``stack`` (innermost first) as that kernel would print it."""
    stack = tuple(name for name in stack if name not in OURS)
    if not folios:
        return stack
    return tuple(FOLIO_NAMES.get(name, name) for name in stack if name not in HIDDEN_SINCE_FOLIOS)
