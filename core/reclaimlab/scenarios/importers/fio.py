"""``import fio``: the jobs of fio become tasks, and what fio measured goes with them."""

from __future__ import annotations

import re
from statistics import fmean
from typing import TYPE_CHECKING, Any, Final

from reclaimlab.errors import RecordingError
from reclaimlab.scenarios.fields import RATE, SIZE
from reclaimlab.scenarios.importers.assumed import (
    BANDWIDTH,
    DEPTH,
    DURATION_S,
    MEMORY,
    assumed_draft,
    comment,
)
from reclaimlab.scenarios.importers.fio_jobs import read_job_file, read_json
from reclaimlab.scenarios.importers.lines import text_lines
from reclaimlab.units import KIB

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from reclaimlab.scenarios.importers.draft import Draft
    from reclaimlab.scenarios.importers.fio_jobs import Job

_LOG_NAME: Final = re.compile(r"_(lat|bw)\.\d+\.log$")
_OTHER_LOG: Final = re.compile(r"_(slat|clat|iops|hist)\w*\.\d+\.log$")
_LOG_LINE: Final = re.compile(r"(\d+), *(\d+), *([012]),")
_BUSY: Final = 90.0
"""Per cent of the time: above it the disk was the limit, and its rate is what was written."""
_READS: Final = ("read", "randread", "rw", "randrw")
_WRITES: Final = ("write", "randwrite", "rw", "randrw")
_NOT_TOLD: Final = {
    "fsync": "fsync", "fdatasync": "fdatasync", "sync": "sync", "end_fsync": "end_fsync",
    "stonewall": "stonewall (all jobs begin together)", "cgroup": "cgroup",
    "rwmixread": "rwmixread (read and write each at full speed)",
}  # fmt: skip
"""Options that change what a job does, and that the simulator's tasks do not have."""


def read_fio(paths: Sequence[Path]) -> Draft:
    """Return the scenario of fio's job file or JSON output; its lat and bw logs may go with it.

    Raises:
        RecordingError: there is no job, or none that goes through the page cache.
    """
    logs = [path for path in paths if _LOG_NAME.search(path.name)]
    others = [p for p in paths if p not in logs and not _OTHER_LOG.search(p.name)]
    if len(others) != 1:
        msg = f"{paths[0]}: one job file or JSON output of fio is needed, and perhaps logs of it"
        raise RecordingError(msg)
    path = others[0]
    jobs, disks = read_json(path) if _is_json(path) else (read_job_file(path), [])
    cached = [job for job in jobs if not _direct(job)]
    if not cached:
        msg = (
            f"{path}: every job has direct=1, past the page cache: no reclaim or writeback "
            "is in it to simulate"
        )
        raise RecordingError(msg)
    seconds = max(_seconds(job) for job in cached) or DURATION_S
    names = ", ".join(job.name for job in cached)
    draft = assumed_draft(path, "fio", seconds, f"fio: {names}"[:90])
    for job in cached:
        draft.data["task"] |= _tasks(job, draft.data["task"])
    measured = draft.data["recording"]["measured"]
    results, logged = _results(cached), _of_logs(logs)
    measured |= logged | results
    if "write_latency_max" in logged and "write_latency_max" in results:
        # A log may be of means (log_avg_msec), which hide the longest call.
        measured["write_latency_max"] = max(
            logged["write_latency_max"], results["write_latency_max"]
        )
    assumed = [f"memory {MEMORY}", "the filesystem", "the kernel"]
    _device(draft, disks, measured, assumed)
    draft.comment = comment(f"fio's {path.name}", assumed, _notes(jobs, cached))
    return draft


def _is_json(path: Path) -> bool:
    # fio's own messages may stand before the JSON; a job file has no line that is only a brace.
    return any(line.rstrip() == "{" for number, line in text_lines(path) if number <= 100)


def _direct(job: Job) -> bool:
    return job.flag("direct") or not job.flag("buffered", default=True)


def _seconds(job: Job) -> float:
    told = job.result.get("job_runtime", 0)
    return job.seconds("runtime") or (told / 1e3 if isinstance(told, (int, float)) else 0.0)


def _tasks(job: Job, taken: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    kind = job.options.get("rw", "read").split(":")[0].lower()
    if kind not in (*_READS, *_WRITES):
        raise job.fault("rw", f"is not simulated; {', '.join(dict.fromkeys((*_WRITES, *_READS)))}")
    base = "-".join(re.findall(r"[a-z0-9]+", job.name.lower())) or "job"
    tasks = {}
    if kind in _WRITES:
        tasks[_free(base, taken)] = _writer(job, random=kind.startswith("rand"))
    if kind in _READS:
        name = _free(f"{base}-reader" if tasks else base, {**taken, **tasks})
        tasks[name] = _reader(job)
    count = job.count("numjobs", 1)
    if count > 1 and not job.result:  # the JSON output tells of each copy
        for task in tasks.values():
            task["count"] = count
    return tasks


def _free(name: str, taken: Mapping[str, Any]) -> str:
    number = 2
    free = name
    while free in taken:
        free, number = f"{name}-{number}", number + 1
    return free


def _writer(job: Job, *, random: bool) -> dict[str, Any]:
    block = job.size("bs") or 4 * KIB
    size = job.size("size") or job.size("filesize")
    task: dict[str, Any] = {"program": "writer", "filesystem": "data"}
    if random:
        low, high = _range(job, block)
        block = (low + high) // 2
        task |= {"pattern": "random", "random_min": SIZE.write(low), "random_max": SIZE.write(high)}
        task |= {"file_size": SIZE.write(size or 1 << 30), "preallocated": True}
    else:
        task["write_size"] = SIZE.write(block)
        if size:
            task |= {"file_size": SIZE.write(size), "restart": "overwrite"}
    if size and not _timed(job):
        task["total"] = SIZE.write(job.size("io_size") or size)
    rate = job.size("rate")
    think = job.seconds("thinktime", "us") + (block / rate if rate else 0.0)
    if think:
        task["think"] = f"{max(1, round(think * 1e6))}us"
    if start := job.seconds("startdelay"):
        task["start"] = f"{round(start * 1e3)}ms"
    return task


def _timed(job: Job) -> bool:
    # The JSON output leaves time_based out; there a job that took all its time was ended by it.
    runtime, told = job.seconds("runtime"), job.result.get("job_runtime", 0)
    return job.flag("time_based") or (runtime > 0 and told >= 999 * runtime)


def _range(job: Job, block: int) -> tuple[int, int]:
    said = job.options.get("bsrange", "").split(",")[-1]
    low, dash, high = said.partition("-")
    if not dash:
        return block, block
    ends = [type(job)(job.name, {"bsrange": end}, job.place).size("bsrange") for end in (low, high)]
    return min(ends), max(ends)


def _reader(job: Job) -> dict[str, Any]:
    size = job.size("size") or job.size("filesize") or 1 << 30
    block = job.size("bs") or 4 * KIB
    return {
        "program": "reader", "filesystem": "data",
        "file_size": SIZE.write(size), "read_size": SIZE.write(block),
    }  # fmt: skip


def _results(jobs: Sequence[Job]) -> dict[str, float]:
    """Return what fio measured, of the worst job; nothing from a job file."""
    writes = [side for job in jobs if (side := _side(job, "write"))]
    reads = [side for job in jobs if (side := _side(job, "read"))]
    found = (
        {"writer_throughput": float(sum(w.get("bw_bytes", 0) for w in writes))} if writes else {}
    )
    for sides, names in (
        (writes, {"write_latency_p50": "50.000000", "write_latency_p99": "99.000000"}),
        (reads, {"reader_latency_p99": "99.000000"}),
    ):
        for name, key in names.items():
            times = [_latency(side).get("percentile", {}).get(key) for side in sides]
            if known := [float(time) for time in times if time is not None]:
                found[name] = max(known) / 1e9
    if longest := [float(_latency(side).get("max", 0)) for side in writes]:
        found["write_latency_max"] = max(longest) / 1e9
    return found


def _side(job: Job, name: str) -> Mapping[str, Any]:
    side = job.result.get(name, {})
    return side if isinstance(side, dict) and side.get("total_ios") else {}


def _latency(side: Mapping[str, Any]) -> Mapping[str, Any]:
    found = side.get("clat_ns", {})
    return found if isinstance(found, dict) else {}


def _of_logs(paths: Sequence[Path]) -> dict[str, float]:
    """Return what logs tell: the longest write() of lat logs (ns), the rate of bw logs (KiB/s)."""
    found: dict[str, float] = {}
    for path in paths:
        kind = _LOG_NAME.search(path.name)
        values = [value for way, value in _log(path) if way == 1]
        if kind is None or not values:
            continue
        if kind[1] == "lat":
            longest = found.get("write_latency_max", 0.0)
            found["write_latency_max"] = max(longest, max(values) / 1e9)
        else:
            rate = found.get("writer_throughput", 0.0)
            found["writer_throughput"] = rate + fmean(values) * KIB
    return found


def _log(path: Path) -> list[tuple[int, int]]:
    entries = []
    for number, line in text_lines(path):
        match = _LOG_LINE.match(line)
        if match is None:
            msg = f"{path}: line {number} is {line[:60]!r}; a log of fio has time, value, direction"
            raise RecordingError(msg)
        entries.append((int(match[3]), int(match[2])))
    return entries


def _device(
    draft: Draft,
    disks: Sequence[Mapping[str, Any]],
    measured: Mapping[str, float],
    assumed: list[str],
) -> None:
    rate = measured.get("writer_throughput", 0.0)
    use = max((float(disk.get("util", 0)) for disk in disks), default=0.0)
    if use >= _BUSY and rate >= 1:
        draft.data["device"]["sda"] |= {"write_bw": RATE.write(round(rate)), "kind": "as measured"}
    else:
        assumed.append(f"the disk: {RATE.write(BANDWIDTH)}, {DEPTH} requests")


def _notes(jobs: Sequence[Job], cached: Sequence[Job]) -> list[str]:
    left = sorted({said for job in cached for key, said in _NOT_TOLD.items() if _on(job, key)})
    notes = [f"Left out, for no task has it: {', '.join(left)}."] if left else []
    if past := [job.name for job in jobs if job not in cached]:
        notes.append(f"Left out, for direct=1 goes past the page cache: {', '.join(past)}.")
    return notes


def _on(job: Job, key: str) -> bool:
    return job.options.get(key, "0").lower() not in ("0", "none", "")
