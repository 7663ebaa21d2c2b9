"""What the kernel asks of a filesystem (address_space_operations), and how much to write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from reclaimlab.engine.task import Steps
    from reclaimlab.kernel.folio import Extent, Mapping
    from reclaimlab.kernel.kernel import Kernel
    from reclaimlab.kernel.process import Process
    from reclaimlab.policy.contexts import FilesystemFeatures


class WritebackControl:
    """struct writeback_control: pages still to write in this call."""

    __slots__ = ("for_background", "nr_to_write")

    def __init__(self, nr_to_write: int, *, for_background: bool = False) -> None:
        self.nr_to_write = nr_to_write
        self.for_background = for_background


class AddressSpaceOperations(Protocol):
    """A mounted filesystem, as the page cache and the flushers see it."""

    type: str
    features: FilesystemFeatures
    prepares_writes: bool
    """write_begin() has something to do."""
    finishes_writes: bool
    """write_end() has something to do."""
    counts_writes: bool
    """write_ns() is more than nothing."""

    def write_begin_gfp(self, k: Kernel, mapping: Mapping) -> int:
        """Return the mask of page-cache allocations for write(2)."""
        ...

    def write_begin(self, k: Kernel, mapping: Mapping, process: Process) -> Steps:
        """Prepare a write() call: locks and, in some filesystems, a transaction."""
        ...

    def write_end(self, k: Kernel, mapping: Mapping, process: Process) -> Steps:
        """End what write_begin() began."""
        ...

    def writepages(self, k: Kernel, mapping: Mapping, wbc: WritebackControl) -> Steps:
        """Write up to ``wbc.nr_to_write`` dirty pages, counting it down."""
        ...

    def writepage(self, k: Kernel, extent: Extent) -> Steps:
        """Write one extent from reclaim; give False to refuse."""
        ...
