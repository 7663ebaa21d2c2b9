"""Where the runs of a sweep are simulated: here, in processes, or on a cluster.

One interface, :class:`Executor`, and one run function, :func:`simulate_packed`, for all.
"""

from __future__ import annotations

from reclaimlab.runs.executors.base import Ended, Executor, LostError, simulate_packed

__all__ = ["Ended", "Executor", "LostError", "simulate_packed"]
