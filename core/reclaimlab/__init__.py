"""reclaimlab runs candidate fixes for Linux memory reclaim and writeback head to head."""

__version__ = "0.1.0"
