"""What a run is measured by: samples over time, and the metrics at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.measure.records import Series
from reclaimlab.units import PAGE_SIZE, SEC

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reclaimlab.kernel.process import Process
    from reclaimlab.machine.assemble import Assembly


def percentile(ordered: Sequence[int], share: float) -> int:
    """Return the value below which ``share`` of ``ordered`` lie (nearest rank); 0 if none."""
    if not ordered:
        return 0
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Meter:
    """Samples one machine at equal intervals, and sums it up."""

    def __init__(self, assembly: Assembly) -> None:
        self._assembly = assembly
        self.times: list[int] = []
        self._values: dict[str, list[int]] = {}
        self._units: dict[str, str] = {}

    def sample(self) -> dict[str, int]:
        """Take one sample of everything; return it."""
        k = self._assembly.kernel
        self.times.append(k.loop.now)
        values: dict[str, int] = {}

        def note(name: str, unit: str, value: int) -> None:
            self._values.setdefault(name, []).append(value)
            self._units[name] = unit
            values[name] = value

        note("free", "pages", k.zone.free)
        note("dirty", "pages", k.nr_dirty)
        note("writeback", "pages", k.nr_writeback)
        note("scanned", "pages", k.vmstat.pgscan)
        note("reclaimed", "pages", k.vmstat.pgsteal)
        writers = (process for process in k.processes if process.is_writer)
        note("accepted", "bytes", sum(process.accepted_bytes for process in writers))
        note("reclaim_time", "ns", sum(process.reclaim_ns for process in k.processes))
        for name, device in self._assembly.devices.items():
            device.in_flight()
            note(f"{name}.written", "bytes", device.written_bytes)
        for group in k.memcgs[1:]:
            note(f"{group.name}.usage", "pages", group.usage)
            note(f"{group.name}.dirty", "pages", group.nr_dirty)
            note(f"{group.name}.writeback", "pages", group.nr_writeback)
            note(f"{group.name}.active_file", "pages", group.lruvec.active_file.nr)
        for wb in k.wbs:
            note(f"{wb.name}.bandwidth", "pages/s", wb.avg_write_bandwidth)
        return values

    def series(self) -> tuple[Series, ...]:
        """Return everything sampled; a series that began late is padded with zeros in front."""
        times = tuple(self.times)
        return tuple(
            Series(name, self._units[name], times, tuple([0] * (len(times) - len(values)) + values))
            for name, values in self._values.items()
        )

    def plateau(self, name: str) -> float:
        """Return the mean of a series over the last two thirds of the run."""
        values = self._values.get(name, [])
        tail = values[len(values) // 3 :]
        return sum(tail) / len(tail) if tail else 0.0

    def peak(self, name: str) -> int:
        """Return the largest sample of a series."""
        return max(self._values.get(name, [0]))

    # ---- at the end -----------------------------------------------------------------------------

    def metrics(self, incident_ns: int | None) -> dict[str, float]:
        """Return every metric that applies, by name."""
        k = self._assembly.kernel
        for device in self._assembly.devices.values():
            device.in_flight()  # what is done by now counts as written
        span = max(k.loop.now, 1)
        users = [each for each in k.processes if not (each.is_kthread or each.background)]
        writers = [process for process in users if process.is_writer]
        writes = sorted(_with_open_calls(writers, k.loop.now, read=False))
        reads = sorted(_with_open_calls([p for p in users if p.read_ns], k.loop.now, read=True))
        result = {
            "writer_throughput": sum(process.accepted_bytes for process in writers) * SEC / span,
            "device_throughput": sum(
                device.written_bytes
                for name, device in self._assembly.devices.items()
                if not self._assembly.scenario.device[name].background
            )
            * SEC
            / span,
        }
        if writes:
            result["write_latency_p50"] = percentile(writes, 0.5) / SEC
            result["write_latency_p99"] = percentile(writes, 0.99) / SEC
            result["write_latency_max"] = writes[-1] / SEC
        result |= {
            "alloc_stall_share": sum(process.reclaim_ns for process in users)
            / (span * max(1, len(users))),
            "dirty_peak": float(self.peak("dirty")),
            "dirty_plateau": self.plateau("dirty"),
            "writeback_plateau": self.plateau("writeback"),
            "pages_scanned": float(k.vmstat.pgscan),
            "pages_reclaimed": float(k.vmstat.pgsteal),
        }
        if k.vmstat.pgscan:
            result["scan_efficiency"] = k.vmstat.pgsteal / k.vmstat.pgscan
        result["oom_kills"] = float(k.vmstat.oom_kill)
        result["longest_block"] = self._longest_block() / SEC
        if incident_ns is not None:
            result["time_to_incident"] = incident_ns / SEC
        if reads:
            result["reader_latency_p99"] = percentile(reads, 0.99) / SEC
        return result

    def _longest_block(self) -> int:
        now = self._assembly.loop.now
        return max(
            (
                max(task.longest_block_ns, now - task.since_ns if task.state == "D" else 0)
                for task in self._assembly.loop.tasks
            ),
            default=0,
        )

    def task_metrics(self) -> dict[str, dict[str, float]]:
        """Return per user task: bytes accepted, calls, shares of time."""
        k = self._assembly.kernel
        span = max(k.loop.now, 1)
        return {
            process.name: {
                "accepted_bytes": float(process.accepted_bytes),
                "writes": float(len(process.write_ns)),
                "write_latency_max_s": max(process.write_ns, default=0) / SEC,
                "read_bytes": float(process.read_bytes),
                "reclaim_share": process.reclaim_ns / span,
                "dirty_throttle_share": process.throttled_ns / span,
                "rss_pages": float(process.rss_pages),
                "swapped_pages": float(process.swapped_pages),
                "enomem_errors": float(process.errors),
            }
            for process in k.processes
        }

    def memcg_metrics(self) -> dict[str, dict[str, float]]:
        """Return per memcg: usage, scans, kills, what is dirty."""
        return {
            group.name: {
                "usage_peak_bytes": float(group.peak_usage * PAGE_SIZE),
                "charge_failures": float(group.failcnt),
                "pages_scanned": float(group.pgscan),
                "pages_reclaimed": float(group.pgsteal),
                "oom_kills": float(group.oom_kills),
                "dirty_peak_pages": float(self.peak(f"{group.name}.dirty")),
                "dirty_plateau_pages": self.plateau(f"{group.name}.dirty"),
                "writeback_plateau_pages": self.plateau(f"{group.name}.writeback"),
            }
            for group in self._assembly.kernel.memcgs[1:]
        }


def _with_open_calls(processes: Sequence[Process], now: int, *, read: bool) -> list[int]:
    """Return the length of every call in ns, those still open at the end with their age."""
    lengths: list[int] = []
    for process in processes:
        lengths += process.read_ns if read else process.write_ns
        if process.in_call_since_ns >= 0 and not process.exited:
            lengths.append(now - process.in_call_since_ns)
    return lengths
