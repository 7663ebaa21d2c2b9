"""The observation that a recording is."""

from __future__ import annotations

import csv
import math
from typing import TYPE_CHECKING, Final

from reclaimlab.errors import RecordingError
from reclaimlab.scenarios.importers.trace import read_trace
from reclaimlab.scenarios.recording import TRACES
from reclaimlab.units import KIB
from reclaimlab.validate.blocking import RUNNING, class_of, shares
from reclaimlab.validate.observation import Kill, Observation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reclaimlab.scenarios.recording import Recording

_PER_TASK: Final = "latency_percentiles.csv"


def measured(recording: Recording) -> Observation:
    """Return what ``recording`` measured.

    Raises:
        RecordingError: a file of it is damaged, or lacks columns to compare with.
    """
    series = recording.series
    kept = [number for number, time in enumerate(series["t_s"]) if time >= 0]

    def column(name: str, scale: float = 1.0) -> tuple[float, ...]:
        return tuple(_finite(series[name][number]) * scale for number in kept)

    in_memcg = bool(recording.number("limit_MiB"))
    dirty, writeback, scale = (
        ("mc_dirty", "mc_writeback", 1.0)
        if in_memcg
        else ("bdi_BdiReclaimable", "bdi_BdiWriteback", KIB)
    )
    writers = round(recording.number("writers") or 1)
    own = [f"w{number}_bytes" for number in range(writers)]
    _require(recording, ["dev_bytes_written", dirty, writeback, *own])
    taken = [column(name) for name in own]
    duration = recording.number("secs") or 0.0
    return Observation(
        times_s=column("t_s"),
        accepted=tuple(map(sum, zip(*taken, strict=True))),
        written=column("dev_bytes_written"),
        dirty=column(dirty, scale),
        writeback=column(writeback, scale),
        latency_s=_latency(recording),
        blocking=_blocking(recording),
        counts=_traced(recording),
        killed=_kill(recording),
        duration_s=duration,
        sequential=recording.meta["workload"] == "seq",
    )


def _require(recording: Recording, columns: Sequence[str]) -> None:
    lacking = [name for name in columns if name not in recording.series]
    if lacking:
        place = recording.folder / "samples.csv"
        msg = f"{place} has no column {', '.join(lacking)}, which validate compares with a run"
        raise RecordingError(msg)


def _finite(value: float) -> float:
    return value if math.isfinite(value) else 0.0


def _latency(recording: Recording) -> dict[str, float]:
    found = {}
    for name in ("p50", "p99", "max"):
        value = recording.number(f"lat_{name}_ms")
        if value is not None:
            found[name] = value / 1e3
    reader = recording.number("reader_p99_ms")
    return found if reader is None else found | {"reader_p99": reader / 1e3}


def _blocking(recording: Recording) -> dict[str, float]:
    readers = _readers(recording)
    return shares(
        (RUNNING if stack.state == "R" else class_of(stack.functions), stack.count)
        for stack in recording.stacks
        if stack.task not in readers
    )


def _readers(recording: Recording) -> set[int]:
    path = recording.folder / _PER_TASK
    if not path.is_file():
        return set()
    with path.open(encoding="utf-8", newline="") as lines:
        return {int(row["task"]) for row in csv.DictReader(lines) if row["role"] == "read"}


def _kill(recording: Recording) -> Kill | None:
    if not recording.number("oom_kills"):
        return None
    times, kills = recording.series["t_s"], recording.series["oom_kill"]
    before = 0.0
    for time, count in zip(times, kills, strict=True):
        if count > 0:
            return Kill(before, time)
        before = max(before, time)
    # The group was gone before its last sample: the last call says when it was still alive.
    ends = [call.start_s + call.seconds for call in recording.latencies]
    return Kill(max([before, *ends]), before + _step(times))


def _step(times: Sequence[float]) -> float:
    return (times[-1] - times[0]) / max(1, len(times) - 1)


def _traced(recording: Recording) -> dict[str, float]:
    path = next(
        (recording.folder / name for name in TRACES if (recording.folder / name).is_file()), None
    )
    if path is None:
        return {}
    trace = read_trace(path)
    counts = {"traced_s": trace.seconds}
    if trace.reclaimers:
        counts["reclaims"] = float(trace.reclaimers.total())
        counts["scanned"] = float(trace.scanned)
        counts["reclaimed"] = float(trace.reclaimed)
    if trace.sleeps:
        counts["throttle_sleeps"] = float(trace.sleeps.total())
        counts["throttle_s"] = trace.slept_s
    return counts
