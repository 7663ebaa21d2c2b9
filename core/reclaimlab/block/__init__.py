"""Request queues and the devices behind them."""

from reclaimlab.block.device import BlockDevice
from reclaimlab.block.loop_device import LoopDevice

__all__ = ["BlockDevice", "LoopDevice"]
