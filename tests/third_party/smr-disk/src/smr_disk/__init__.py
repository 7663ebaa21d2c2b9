"""smr-disk: a drive-managed shingled disk, fast until its cache is full.

Writes go to a persistent cache at the disk's rate. Once that is full, each write waits until as
much has been moved to its band, which costs a rewrite of the band's rest: ``amplification`` times
the time. What is idle time moves data too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reclaimlab.extending import SEC, BlockDevice, parameter

if TYPE_CHECKING:
    from reclaimlab.extending import DevicePlace


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a scenario can set in ``[device.NAME.options]``."""

    cache: int = parameter(16 << 20, "The persistent cache.", unit="bytes", low=1 << 20)
    amplification: int = parameter(8, "Bytes rewritten for each byte moved.", low=1, high=256)


class ShingledDisk(BlockDevice):
    """A disk with a cache that fills, and is emptied slowly."""

    def __init__(self, place: DevicePlace, parameters: Parameters) -> None:
        super().__init__(place.loop, place.stream, place.name, **place.settings)
        self.parameters = parameters
        self.cached = 0

    def queue_request(self, size: int, *, write: bool) -> int:
        """Queue one request; return when it will be done (ns)."""
        if write:
            self._move_while_idle()
            self.cached += size
            over = self.cached - self.parameters.cache
            if over > 0:
                self.busy_until_ns = max(self.busy_until_ns, self.now) + self._moving_ns(over)
                self.cached = self.parameters.cache
        return super().queue_request(size, write=write)

    def _moving_ns(self, size: int) -> int:
        return size * self.parameters.amplification * SEC // self.write_bw

    def _move_while_idle(self) -> None:
        idle_ns = max(0, self.now - self.busy_until_ns)
        moved = idle_ns * self.write_bw // (SEC * self.parameters.amplification)
        self.cached = max(0, self.cached - moved)


class SmrDisk:
    """A drive-managed shingled disk."""

    name = "smr-disk"
    Parameters = Parameters

    def make(self, place: DevicePlace, parameters: Any) -> ShingledDisk:
        """Return the disk at ``place``."""
        return ShingledDisk(place, parameters)
