"""What a recorded run measured, under the names and in the units of our metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reclaimlab.scenarios.importers.setup import is_guest
from reclaimlab.units import MIB, PAGE_SIZE

if TYPE_CHECKING:
    from reclaimlab.scenarios.recording import Recording

_MEASURED: Final = {
    "writer_throughput": ("accepted_MBps", 1e6),
    "device_throughput": ("dev_write_MBps", 1e6),
    "write_latency_p50": ("lat_p50_ms", 1e-3),
    "write_latency_p99": ("lat_p99_ms", 1e-3),
    "write_latency_max": ("lat_max_ms", 1e-3),
    "dirty_peak": ("max_dirty_MiB", MIB / PAGE_SIZE),
    "dirty_plateau": ("plateau_dirty_MiB", MIB / PAGE_SIZE),
    "writeback_plateau": ("plateau_writeback_MiB", MIB / PAGE_SIZE),
    "oom_kills": ("oom_kills", 1.0),
    "reader_latency_p99": ("reader_p99_ms", 1e-3),
}
"""Metric -> key of the meta data, and what one of its units is in ours."""

_NOT_AFTER_A_KILL: Final = frozenset(
    {"writer_throughput", "device_throughput", "dirty_plateau", "writeback_plateau"}
)
"""Means over a run that ended within a second: they say how long the machine idled."""


def measured_metrics(recording: Recording) -> dict[str, float]:
    """Return metric -> measured value; what was not measured, or means nothing, is absent."""
    killed = bool(recording.number("oom_kills"))
    metrics = {}
    for name, (key, scale) in _MEASURED.items():
        value = recording.number(key)
        if value is not None and not (killed and name in _NOT_AFTER_A_KILL):
            metrics[name] = float(f"{value * scale:.9g}")
    # In the guest, pressure is of the whole machine; there the stacks tell of the writer alone.
    stall = "stack_memcg_reclaim_share" if is_guest(recording) else "psi_mem_some_share"
    share = recording.number(stall)
    return metrics if share is None or killed else metrics | {"alloc_stall_share": share}
