"""Request queues and the devices behind them."""

from reclaimlab.block.device import BlockDevice

__all__ = ["BlockDevice"]
