"""Recording: a command runs on this machine, and what the kernel did meanwhile becomes files.

The files are those that ``import`` and ``validate`` read. Only procfs, sysfs and tracefs are
needed, and root. The one thing that is switched on, tracing, is in instances of its own, and a
process apart takes those away again whatever becomes of the recorder (``guard.py``).
"""
