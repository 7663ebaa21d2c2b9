"""``meta.toml``: what was recorded where, and the numbers that a comparison with a run needs."""

from __future__ import annotations

import json
import os
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from reclaimlab.record import machine
from reclaimlab.units import MIB, PAGE_SIZE
from reclaimlab.validate.blocking import RUNNING, class_of, dominant, shares

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from reclaimlab.record.calls import Calls
    from reclaimlab.record.machine import Disk
    from reclaimlab.record.sampler import Lane
    from reclaimlab.scenarios.importers.trace import Device

_LEAST_BUSY_S: Final = 0.1
"""Time with requests from which a rate can be told."""
_SETTLED: Final = 1 / 3
"""Plateaus leave out the first third, in which the cache fills."""

Stacks = Counter[tuple[str, tuple[str, ...]]]


def set_up(disk: Disk, root: Path) -> dict[str, Any]:
    """Return the meta data that are known before the command runs."""
    tunables = root / "proc/sys/vm"
    memory = machine.text(root / "proc/meminfo").split()
    numbers = {
        name: int(machine.text(tunables / name).strip() or 0)
        for name in ("dirty_bytes", "dirty_background_bytes")
    }
    return {
        "fs": disk.filesystem,
        "kernel": machine.text(root / "proc/sys/kernel/osrelease").strip(),
        "nr_requests": disk.setting("nr_requests"),
        "max_sectors_kb": disk.setting("max_sectors_kb"),
        "wbt_usec": disk.setting("wbt_lat_usec"),
        "scheduler": disk.setting("scheduler"),
        "device_kind": f"block device {disk.name} ({disk.number})",
        "memory_bytes": int(memory[1]) * 1024 if len(memory) > 1 else 0,
        "cpus": os.cpu_count() or 1,
        **numbers,
    }


def rates(rows: Sequence[Mapping[str, float]], writers: int) -> dict[str, float]:
    """Return accepted and written MB/s, and the device's own while it had requests."""
    seconds = max(1e-3, rows[-1]["t_s"] - max(0.0, rows[0]["t_s"]))
    settled = [row for row in rows if row["t_s"] >= rows[-1]["t_s"] * _SETTLED] or list(rows)
    settled_s = max(1e-3, settled[-1]["t_s"] - settled[0]["t_s"])
    accepted = [sum(row.get(f"w{n}_bytes", 0) for n in range(writers)) for row in rows]
    steady = accepted[-1] - accepted[-len(settled)]
    return {
        "accepted_MBps": round(accepted[-1] / seconds / 1e6, 3),
        "steady_accepted_MBps": round(steady / settled_s / 1e6, 3),
        "dev_write_MBps": round(_grown(rows, "dev_bytes_written") / seconds / 1e6, 3),
    }


def peak_mbps(rows: Sequence[Mapping[str, float]]) -> float:
    """Return the highest rate of the device in any second, in MB/s; 0 if it never wrote.

    Not its busy time: that is counted in ticks, and a fast disk's requests are shorter.
    """
    best, first = 0.0, 0
    for row in rows:
        while row["t_s"] - rows[first + 1]["t_s"] >= 1.0:
            first += 1
        seconds = row["t_s"] - rows[first]["t_s"]
        if seconds >= 1.0 or (row is rows[-1] and first == 0 and seconds > 0):
            size = row["dev_bytes_written"] - rows[first]["dev_bytes_written"]
            best = max(best, size / seconds)
    return round(best / 1e6, 3)


def disk_mbps(rows: Sequence[Mapping[str, float]], traced: Device) -> float:
    """Return what the disk can write, in MB/s: its best second, or more while it had requests.

    A disk that waits for its writer shows less in any second; the trace tells when it was busy.
    """
    busy = traced.busy_s >= _LEAST_BUSY_S
    return max(peak_mbps(rows), round(traced.completed / traced.busy_s / 1e6, 3) if busy else 0.0)


def levels(rows: Sequence[Mapping[str, float]], *, memcg: bool) -> dict[str, float]:
    """Return the highest and the settled level of dirty and writeback, in MiB."""
    settled = [row for row in rows if row["t_s"] >= rows[-1]["t_s"] * _SETTLED] or list(rows)
    columns = ("mc_dirty", "mc_writeback") if memcg else ("vm_nr_dirty", "vm_nr_writeback")
    scale = MIB if memcg else MIB / PAGE_SIZE
    found = {}
    for what, column in zip(("dirty", "writeback"), columns, strict=True):
        values = [row.get(column, 0.0) / scale for row in rows]
        found[f"max_{what}_MiB"] = round(max(values), 1)
        found[f"plateau_{what}_MiB"] = round(sum(values[-len(settled) :]) / len(settled), 1)
    found["max_usage_MiB"] = round(max(row.get("usage_bytes", 0) for row in rows) / MIB, 1)
    return found


def latencies(calls: Sequence[Calls]) -> dict[str, float]:
    """Return the percentiles of the worst task, in ms; nothing if no call was timed."""
    timed = [each for each in calls if each.seconds]
    if not timed:
        return {}
    found = {"lat_p50_ms": 0.5, "lat_p99_ms": 0.99, "lat_max_ms": 1.0}
    worst: dict[str, float] = {
        name: round(1e3 * max(each.percentile_s(share) for each in timed), 3)
        for name, share in found.items()
    }
    return worst | {
        "ops": sum(len(each.seconds) for each in timed),
        "block_bytes": max(each.block_bytes for each in timed),
    }


def blocking(lanes: Sequence[Lane]) -> tuple[dict[str, Any], dict[str, float]]:
    """Return the shares of stack samples, by known functions and by class."""
    stacks: Stacks = Counter()
    for lane in lanes:
        stacks.update(lane.stacks)
    classes = shares(
        (RUNNING if state == "R" else class_of(stack), count)
        for (state, stack), count in stacks.items()
    )
    top = dominant(classes)
    known = {
        "stack_memcg_reclaim_share": "try_to_free_mem_cgroup_pages",
        "stack_wait_writeback_share": "folio_wait_writeback",
        "stack_reclaim_throttle_share": "reclaim_throttle",
        "stack_balance_dirty_share": "balance_dirty_pages",
    }
    total = max(1, stacks.total())
    found: dict[str, Any] = {
        name: round(sum(n for (_, stack), n in stacks.items() if function in stack) / total, 3)
        for name, function in known.items()
    }
    found |= {"top_block": top, "top_block_share": round(classes.get(top, 0.0), 3)}
    return found, {name: round(share, 4) for name, share in classes.items()}


def toml_text(meta: Mapping[str, Any], classes: Mapping[str, float]) -> str:
    """Return the text of ``meta.toml``; JSON writes plain values as TOML does."""
    lines = [f"{key} = {json.dumps(value)}" for key, value in meta.items()]
    lines.append("[blocking_classes]")
    lines += [f"{json.dumps(name)} = {share}" for name, share in classes.items()]
    return "\n".join(lines) + "\n"


def _grown(rows: Sequence[Mapping[str, float]], column: str) -> float:
    return rows[-1].get(column, 0.0) - rows[0].get(column, 0.0)
