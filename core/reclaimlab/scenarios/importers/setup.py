"""The set-up of a recorded run: its meta data as the tables of a scenario."""

from __future__ import annotations

import math
import re
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, Final

from reclaimlab.errors import RecordingError
from reclaimlab.scenarios.fields import RATE, SIZE
from reclaimlab.units import GIB, KIB, MIB, PAGE_SIZE

if TYPE_CHECKING:
    from reclaimlab.scenarios.recording import Recording

# The two machines that the recordings were made on; both have 2 processors and HZ=250.
_GUEST_MEMORY: Final = 3 * GIB
_HOST_MEMORY: Final = 24 * GIB

GUEST_SLOWDOWN: Final = 8
"""The guest's processors are emulated: a write() of 1 MiB takes 5.7 ms on XFS there, of 3 us a
page on the host (h61q_20MBps_v1_xfs_seq_100M and v_seq4k_xfs_20MBps_100M)."""
GUEST_RECLAIM: Final = 14
"""Fruitless memcg reclaim of 27 MiB takes 55 ms there (its failcnt while all is under writeback in
h61_5MBps_v1_xfs_seq_32M), of 1.4 ms by the costs of the host."""
COPY_BW: Final = 10_800_000_000
"""Bytes a second from the writer's buffer, always the same 4 MiB: 0.38 us a page (costs.py,
WRITE_FOLIO_NS)."""

_PROGRAM_CACHE: Final = "756KiB"
"""Clean pages that the writer's program and libraries have in its memcg, since caches are dropped
before a run: 53 are the first that reclaim frees in the traces of e_small_xfs_20MBps_100M_r1 and
o_seq_xfs_20MBps_100M_deepqueue_r1, and 136 are left after that in the memory.stat of
v_seq_xfs_20MBps_100M_blkthrottle."""

_NEW_ESTIMATE: Final = 102_400
"""What a new device is taken for, in kB/s."""
_SYSTEM_DISK: Final = {
    "background": True, "write_bw": "1200MiB/s", "latency": "100us", "queue": "mq",
}  # fmt: skip
"""Their flusher writes 24 773 pages in 82 ms in the trace of a_seq_xfs_20MBps_32M_r1."""

MOST_BACKLOG: Final = 1536
"""Pages that were dirty before the start and are taken into account: 5 ms of writing, which ends
the first sleep. While a flusher goes on to write more, in one go, it ends further sleeps, but it
also takes the processors, so that reclaim comes to no more tries: passes take up to eight times as
long in the trace of a_seq_xfs_20MBps_32M_r1 while 24 773 pages are written. Processors shared by
tasks are not modelled."""

_BURSTS: Final = {"qemu throttling": "100ms", "FUSE file": "5ms"}
"""Kind of device -> idle time it makes up for: qemu's bucket holds a tenth of a second's worth
(util/throttle.c), the FUSE server says so in its source (slowdev.c)."""

_READS_APART: Final = "qemu throttling"
"""Kind of device that holds back reads and writes in a queue each, whose heads share one bucket
(block/throttle-groups.c)."""

_LOG_SIZE: Final = "64MiB"
"""What mkfs.xfs makes at least (since xfsprogs 5.15)."""

_KERNELS: Final = (
    ((3, 5), "linux-3.5"),
    ((3, 10), "linux-3.10"),
    ((3, 11), "linux-3.11"),
    ((4, 2), "linux-4.2"),
    ((5, 16), "linux-6.1"),
    ((6, 6), "linux-6.18"),
)
"""The first version that each contender stands for: reclaim_throttle() came in v5.16, large folios
of write(2) in v6.6."""

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
_MOST_MIB: Final = 1 << 30


def scenario_data(recording: Recording) -> dict[str, dict[str, Any]]:
    """Return the tables of the scenario that repeats a recorded run."""
    meta = recording.meta
    if meta["workload"] not in _WORKLOADS:
        known = ", ".join(_WORKLOADS)
        msg = f"{recording.folder}: workload {meta['workload']!r} is unknown; known are {known}"
        raise RecordingError(msg)
    limit = recording.number("limit_MiB")
    if limit and not 0 < limit < _MOST_MIB:
        msg = (
            f"{recording.folder}: limit_MiB {limit:g} is no size of a memcg, in MiB and above zero"
        )
        raise RecordingError(msg)
    tables = {
        "scenario": _header(recording),
        "machine": _machine(recording),
        "device": {"sda": _device(recording)},
        "filesystem": {"data": {"type": meta["fs"], "device": "sda", "log_size": _LOG_SIZE}},
        "task": _tasks(recording, memcg="box" if limit else ""),
    }
    if others := _others(recording):
        tables["device"]["system"] = dict(_SYSTEM_DISK)
        tables["filesystem"]["root"] = {"type": "ext4", "device": "system"}
        tables["task"]["others"] = others
    if limit:
        tables["memcg"] = {"box": {"limit": SIZE.write(round(limit * MIB))}}
    return tables


def kernel_name(version: str) -> str:
    """Return the contender for a kernel's version, such as ``6.18.44`` or ``6.1 (guest)``.

    The newest that is modelled and not newer, or the oldest; a version that is none is the newest.
    """
    match = re.match(r"(\d+)\.(\d+)", version)
    if not match:
        return _KERNELS[-1][1]
    number = (int(match[1]), int(match[2]))
    older = [name for since, name in _KERNELS if since <= number]
    return older[-1] if older else _KERNELS[0][1]


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
    memory = round(recording.number("memory_bytes") or memory)  # `reclaimlab record` writes it
    machine: dict[str, Any] = {
        "memory": SIZE.write(memory),
        "cpus": round(recording.number("cpus") or 2),
        "cgroup": recording.meta["cgroup"],
        "hz": 250,
    }
    if is_guest(recording):
        machine |= {"cpu_slowdown": GUEST_SLOWDOWN, "reclaim_slowdown": GUEST_RECLAIM}
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
    burst = {"burst": next((time for name, time in _BURSTS.items() if name in kind), "0s")}
    estimate = _estimate(recording)
    learnt = {"estimate": SIZE.write(estimate)} if estimate else {}
    apart = {"reads_apart": True} if _READS_APART in kind else {}
    return {
        **burst,
        **learnt,
        **apart,
        "write_bw": RATE.write(round(float(recording.meta["bw_MBps"]) * 1e6)),
        "latency": "0s",
        "jitter": 0.0,
        "nr_requests": _UNLIMITED_QUEUE if "blkio.throttle" in kind else _depth(recording),
        "max_request": SIZE.write(round(recording.number("max_sectors_kb") or 512) * KIB),
        "queue": "mq",
        "kind": kind,
    }


def _depth(recording: Recording) -> int:
    """Return how many writes the queue takes.

    Where the block layer throttles writeback (wbt_lat_usec), a flusher gets half of the three
    quarters of the queue that wbt comes to while nothing is read (block/blk-wbt.c, rq_depth_calc).
    """
    depth = round(recording.number("nr_requests") or 64)
    return (3 * depth // 4 + 1) // 2 if recording.number("wbt_usec") else depth


def _tasks(recording: Recording, *, memcg: str) -> dict[str, dict[str, Any]]:
    count = round(recording.number("writers") or 1)
    writer: dict[str, Any] = dict(_WORKLOADS[recording.meta["workload"]])
    writer |= {"memcg": memcg, "filesystem": "data", "rss": SIZE.write(_rss(recording, count))}
    if not is_guest(recording):  # its only program is in its initial file system
        writer["program_cache"] = _PROGRAM_CACHE
    if writer["program"] == "writer":
        slowdown = GUEST_SLOWDOWN if is_guest(recording) else 1
        writer["copy_bw"] = RATE.write(COPY_BW // slowdown)
    if first := [call.start_s for call in recording.latencies if call.role != "read"]:
        writer["start"] = f"{max(0, round(min(first) * 1e3))}ms"  # its program was read before
    if count > 1:
        writer["count"] = count
    if recording.meta["workload"] == "seq":
        writer["write_size"] = SIZE.write(round(recording.number("block_bytes") or MIB))
    tasks = {"writer": writer}
    if recording.number("reader"):
        reader = {"program": "reader", "filesystem": "data"}
        tasks["reader"] = reader | {"file_size": "512MiB", "read_size": "64KiB"}
    return tasks


def _estimate(recording: Recording) -> int:
    """Return the write rate that the kernel had learnt before the run; 0 if it was new to it.

    The guest made one run after the other on one device. On v2 the estimate shown is the root's,
    which a memcg's writer does not use.
    """
    if recording.meta["cgroup"] != "v1":
        return 0
    shown = _finite(recording, "bdi_BdiWriteBandwidth")
    kbytes = round(shown[0]) if shown else 0
    return kbytes * KIB if 0 < kbytes < _NEW_ESTIMATE else 0


def _others(recording: Recording) -> dict[str, Any]:
    """Return the task of other programs: what they wrote to the system's disk, sample by sample.

    A flusher woken by reclaim writes those pages too, and each that it finishes ends the sleeps of
    reclaim_throttle(), which counts for the whole node. What the machine wrote and the device did
    not was theirs. The guest has no other disk.
    """
    names = ("t_s", "vm_nr_written", "bdi_BdiWritten", "vm_nr_dirty")
    columns = [_finite(recording, name) for name in names]
    if is_guest(recording) or not all(len(column) == len(columns[0]) for column in columns):
        return {}
    rows = [row for row in zip(*columns, strict=True) if row[0] >= 0]
    if len(rows) < 2:
        return {}
    others = [round(machine - own_kib * KIB / PAGE_SIZE) for _, machine, own_kib, _ in rows]
    # Processors keep some of a count to themselves, so a difference may fall back a little.
    writes = [later - earlier for earlier, later in pairwise(accumulate(others, max))]
    step_ms = round(1000 * (rows[-1][0] - rows[0][0]) / len(writes))
    if not any(writes) or not step_ms:
        return {}
    backlog = min(round(rows[0][3]), writes[0])
    return {
        "program": "replay", "filesystem": "root", "rss": "4KiB", "step": f"{step_ms}ms",
        "writes": " ".join(map(str, [writes[0] - backlog, *writes[1:]])),
        **({"backlog": SIZE.write(min(backlog, MOST_BACKLOG) * PAGE_SIZE)} if backlog else {}),
    }  # fmt: skip


def _rss(recording: Recording, writers: int) -> int:
    # The recorded writer keeps a buffer of 4 MiB, an eighth of the smaller memcgs.
    series = _finite(recording, "mc_rss") or _finite(recording, "mc_anon") or [0.0]
    return max(PAGE_SIZE, round(max(series)) // writers // PAGE_SIZE * PAGE_SIZE)


def _finite(recording: Recording, column: str) -> list[float]:
    return [value for value in recording.series.get(column, ()) if math.isfinite(value)]
