"""Backing devices: a filesystem's view of a block device, with its flusher and its congestion.

Follows mm/backing-dev.c of v3.10.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.kernel.bdi_writeback import BdiWriteback

if TYPE_CHECKING:
    from reclaimlab.block import BlockDevice
    from reclaimlab.kernel.kernel import Kernel
    from reclaimlab.kernel.memcontrol import MemCgroup


class BackingDev:
    """struct backing_dev_info: one device as writeback sees it.

    Attributes:
        wb: its root bdi_writeback. cgroup_wbs: one more for each memcg, with cgroup writeback.
    """

    __slots__ = ("cgroup_wbs", "device", "name", "wb")

    def __init__(self, k: Kernel, device: BlockDevice) -> None:
        self.device = device
        self.name = device.name
        self.wb = BdiWriteback(k, self, None)
        self.cgroup_wbs: dict[str, BdiWriteback] = {}
        k.bdis.append(self)
        k.wbs.append(self.wb)
        device.listening = lambda: bool(k.congestion_wait_queue.waiters)
        device.on_uncongested = k.congestion_wait_queue.wake_all

    def __repr__(self) -> str:
        return (
            f"<BackingDev {self.name}, {self.nr_dirty} dirty, {self.nr_writeback} under writeback>"
        )

    @property
    def nr_dirty(self) -> int:
        """Dirty pages bound for it."""
        return sum(wb.nr_dirty for wb in (self.wb, *self.cgroup_wbs.values()))

    @property
    def nr_writeback(self) -> int:
        """Pages under writeback to it, swap left out."""
        return sum(wb.nr_writeback for wb in (self.wb, *self.cgroup_wbs.values()))

    def write_congested(self) -> bool:
        """Return bdi_write_congested()."""
        return self.device.write_congested()

    def wb_for(self, k: Kernel, memcg: MemCgroup) -> BdiWriteback:
        """Return the bdi_writeback of ``memcg`` on this device, made on first use."""
        wb = self.cgroup_wbs.get(memcg.name)
        if wb is None:
            wb = self.cgroup_wbs[memcg.name] = BdiWriteback(k, self, memcg)
            k.wbs.append(wb)
            wb.start(k)
        return wb


def any_congested(k: Kernel) -> bool:
    """Return whether some backing device is congested (nr_bdi_congested[sync] > 0)."""
    congested = [bdi for bdi in k.bdis if bdi.device.write_congested()]
    return bool(congested)


def expect_uncongested(k: Kernel) -> None:
    """Have congestion waiters woken when a request next ends on an uncongested queue."""
    for bdi in k.bdis:
        bdi.device.expect_uncongested()
