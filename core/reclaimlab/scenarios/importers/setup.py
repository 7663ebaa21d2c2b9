"""The set-up of a recorded run: its meta data as the tables of a scenario."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Final

from reclaimlab.errors import RecordingError
from reclaimlab.scenarios.fields import RATE, SIZE
from reclaimlab.units import GIB, KIB, MIB, PAGE_SIZE

if TYPE_CHECKING:
    from reclaimlab.scenarios.recording import Recording

# The two machines that the recordings were made on; both have 2 processors and HZ=250.
_GUEST_MEMORY: Final = 3 * GIB
_HOST_MEMORY: Final = 24 * GIB

_UNLIMITED_QUEUE: Final = 100_000
"""blk-throttle queues without a limit: what nr_requests says does not count."""

_WORKLOADS: Final[dict[str, dict[str, Any]]] = {
    "seq": {"program": "writer"},
    # Overwrites a fallocate()d file: XFS ends each request with a transaction in a worker.
    "rand": {
        "program": "writer",
        "pattern": "random",
        "random_min": "4KiB",
        "random_max": "16KiB",
        "file_size": "1GiB",
        "preallocated": True,
    },
    # It never removes a file.
    "small": {
        "program": "metadata",
        "size_min": "1KiB",
        "size_max": "64KiB",
        "files_per_dir": 200,
        "keep": 1_000_000,
    },
}
_DECIDES: Final = {
    "verdict": "the OOM kill",
    "reader_latency_p99": "the reader's 99th percentile",
    "write_latency_max": "the longest write()",
}


def scenario_data(recording: Recording) -> dict[str, dict[str, Any]]:
    """Return the tables of the scenario that repeats a recorded run."""
    meta = recording.meta
    if meta["workload"] not in _WORKLOADS:
        known = ", ".join(_WORKLOADS)
        msg = f"{recording.folder}: workload {meta['workload']!r} is unknown; known are {known}"
        raise RecordingError(msg)
    limit = recording.number("limit_MiB")
    tables = {
        "scenario": _header(recording),
        "machine": _machine(recording),
        "device": {"sda": _device(recording)},
        "filesystem": {"data": {"type": meta["fs"], "device": "sda"}},
        "task": _tasks(recording, memcg="box" if limit else ""),
    }
    if limit:
        tables["memcg"] = {"box": {"limit": SIZE.write(round(limit * MIB))}}
    return tables


def kernel_name(version: str) -> str:
    """Return the contender for a kernel's version, such as ``6.18.44`` or ``6.1 (guest)``."""
    match = re.match(r"\d+\.\d+", version)
    return f"linux-{match.group()}" if match else "linux-6.18"


def decision(recording: Recording) -> tuple[str, str]:
    """Return the metric that decides, and its words."""
    if recording.number("oom_kills"):
        key = "verdict"
    else:
        key = "reader_latency_p99" if recording.number("reader") else "write_latency_max"
    return key, _DECIDES[key]


def _header(recording: Recording) -> dict[str, Any]:
    meta = recording.meta
    limit = recording.number("limit_MiB")
    where = f"a {limit:g} MiB memcg ({meta['cgroup']})" if limit else "no memcg"
    note = {"description": str(meta["note"])} if meta.get("note") else {}
    title = f"{meta['workload']} on {meta['fs']} at {meta['bw_MBps']:g} MB/s in {where}, recorded"
    return {
        "name": re.sub(r"[^A-Za-z0-9_-]", "-", recording.name).lstrip("-_") or "recording",
        "title": title,
        **note,
        "source": f"recording {recording.name}, Linux {meta['kernel']}",
        "decides": decision(recording)[0],
        "duration": f"{meta['secs']:g}s",
        "kernel": kernel_name(str(meta["kernel"])),
    }


def _machine(recording: Recording) -> dict[str, Any]:
    memory = _GUEST_MEMORY if is_guest(recording) else _HOST_MEMORY
    machine: dict[str, Any] = {
        "memory": SIZE.write(memory),
        "cpus": 2,
        "cgroup": recording.meta["cgroup"],
        "hz": 250,
    }
    for key in ("dirty_bytes", "dirty_background_bytes"):
        if value := recording.number(key):
            machine[key] = SIZE.write(round(value))
    # The global dirty threshold is 20 per cent of what the kernel and other programs leave over.
    threshold = _finite(recording, "vm_nr_dirty_threshold")
    if threshold and "dirty_bytes" not in machine:
        used = memory - 5 * PAGE_SIZE * round(threshold[0])
        machine["kernel_memory"] = SIZE.write(max(0, used // MIB * MIB))
    return machine


def is_guest(recording: Recording) -> bool:
    """Whether the run was made in the small virtual machine."""
    return "guest" in str(recording.meta["kernel"])


def _device(recording: Recording) -> dict[str, Any]:
    kind = str(recording.meta.get("device_kind", ""))
    depth = recording.number("nr_requests") or 64
    return {
        "write_bw": RATE.write(round(float(recording.meta["bw_MBps"]) * 1e6)),
        "latency": "0s",
        "jitter": 0.0,
        "nr_requests": _UNLIMITED_QUEUE if "blkio.throttle" in kind else round(depth),
        "max_request": SIZE.write(round(recording.number("max_sectors_kb") or 512) * KIB),
        "queue": "mq",
        "kind": kind,
    }


def _tasks(recording: Recording, *, memcg: str) -> dict[str, dict[str, Any]]:
    count = round(recording.number("writers") or 1)
    writer: dict[str, Any] = dict(_WORKLOADS[recording.meta["workload"]])
    writer |= {"memcg": memcg, "filesystem": "data", "rss": SIZE.write(_rss(recording, count))}
    if count > 1:
        writer["count"] = count
    if recording.meta["workload"] == "seq":
        writer["write_size"] = SIZE.write(round(recording.number("block_bytes") or MIB))
    tasks = {"writer": writer}
    if recording.number("reader"):
        reader = {"program": "reader", "filesystem": "data"}
        tasks["reader"] = reader | {"file_size": "512MiB", "read_size": "64KiB"}
    return tasks


def _rss(recording: Recording, writers: int) -> int:
    # The recorded writer keeps a buffer of 4 MiB, an eighth of the smaller memcgs.
    series = _finite(recording, "mc_rss") or _finite(recording, "mc_anon") or [0.0]
    return max(PAGE_SIZE, round(max(series)) // writers // PAGE_SIZE * PAGE_SIZE)


def _finite(recording: Recording, column: str) -> list[float]:
    return [value for value in recording.series.get(column, ()) if math.isfinite(value)]
