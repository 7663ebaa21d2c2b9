"""``reclaimlab record``: a command runs, is watched, and leaves the folder of a recorded run."""

from __future__ import annotations

import contextlib
import csv
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from reclaimlab.errors import RecordingError
from reclaimlab.record import machine, summary
from reclaimlab.record.calls import CallLog, Calls
from reclaimlab.record.sampler import STACKS_A_SECOND, Lane, Sampler
from reclaimlab.record.tracefs import Instances, Pipe, mounted, trace_file
from reclaimlab.scenarios.importers.trace import Device, read_trace
from reclaimlab.scenarios.recording import TRACES
from reclaimlab.units import KIB, PAGE_SIZE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reclaimlab.record.machine import Disk

_GRACE_S: Final = 10.0
"""What a command that is told to end gets before it is killed."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to record, and into which folder."""

    command: tuple[str, ...]
    output: Path
    folder: Path
    """Where the command writes: its filesystem and disk are the ones that are recorded."""
    workload: str = "seq"
    rate_mbps: float | None = None
    """Known rate of the disk; what it showed if it is not given."""
    trace: bool = True
    root: Path = field(default=Path("/"))
    """Where proc and sys are."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of it."""

    seconds: float
    exit_status: int
    interrupted: bool
    device_mbps: float
    warnings: tuple[str, ...]


def record(request: Request) -> Recorded:
    """Run the command, watch it, and write its recording; nothing is left switched on.

    Raises:
        RecordingError: the rights, the disk, tracefs or the command are missing, or the folder is
            not free. The command was not started then.
    """
    tracefs = _refuse(request)
    disk = machine.disk_of(request.folder, request.root)
    meta = summary.set_up(disk, request.root)
    log = CallLog()
    with contextlib.ExitStack() as stack:
        # Made beside the output, so that a folder by its name is always whole.
        staging = request.output.with_name(f".{request.output.name}.recording-{os.getpid()}")
        stack.callback(shutil.rmtree, staging, ignore_errors=True)
        try:
            staging.mkdir()
        except OSError as error:
            msg = f"record: {request.output}: cannot be written: {error.strerror}"
            raise RecordingError(msg) from None
        watch = _watched(request, disk, staging, log, tracefs)
        meta |= _write(request, watch, log, meta, staging, disk)
        if request.output.exists():
            request.output.rmdir()  # it is empty
        staging.rename(request.output)
    return Recorded(
        watch.seconds, watch.status, watch.interrupted, meta["bw_MBps"],
        tuple(_warnings(meta, request)),
    )  # fmt: skip


def _refuse(request: Request) -> Path | None:
    if sys.platform != "linux":
        msg = f"record: this is {sys.platform}; only Linux has the files that are recorded"
        raise RecordingError(msg)
    if not request.command:
        msg = "record: no command; it stands after --, as in: record -o DIR -- dd if=..."
        raise RecordingError(msg)
    if request.output.exists() and not (
        request.output.is_dir() and not any(request.output.iterdir())
    ):
        msg = f"record: {request.output} is there already; give a new folder with -o"
        raise RecordingError(msg)
    if os.geteuid() != 0:
        msg = "record: needs root, to read kernel stacks and to trace; run it with sudo"
        raise RecordingError(msg)
    if shutil.which(request.command[0]) is None:
        msg = f"record: {request.command[0]}: no such command"
        raise RecordingError(msg)
    return mounted(request.root) if request.trace else None


@dataclass(slots=True)
class _Watch:
    """A command that ran, and what was seen of it."""

    sampler: Sampler
    start_s: float
    seconds: float = 0.0
    status: int = 0
    interrupted: bool = False
    stopped_traces: bool = False


def _watched(
    request: Request, disk: Disk, staging: Path, log: CallLog, tracefs: Path | None
) -> _Watch:
    with contextlib.ExitStack() as stack:
        stack.enter_context(_terminated_as_interrupted())
        traces = stack.enter_context(Instances(tracefs)) if tracefs else None
        pipes: list[Pipe] = []
        gate, opener = os.pipe()
        try:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "reclaimlab.record.gate", str(gate), *request.command],
                pass_fds=(gate,),
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
            stack.callback(_end, process)
            if traces:
                file = stack.enter_context(trace_file(staging / "trace.txt.gz"))
                pipes = [Pipe(traces.kernel, file.write), Pipe(traces.calls, log.take)]
                for pipe in pipes:
                    pipe.start()
                traces.start(process.pid)
            watch = _Watch(Sampler(process.pid, disk, time.monotonic(), request.root), 0.0)
            watch.sampler.sample()
            watch.start_s = time.monotonic()
            os.write(opener, b"g")
        finally:
            os.close(gate)
            os.close(opener)
        watch.sampler.start()
        try:
            process.wait()
        except KeyboardInterrupt:
            watch.interrupted = True
            _end(process)
        watch.seconds = time.monotonic() - watch.start_s
        watch.status = process.returncode
        watch.sampler.finish()
        if traces:
            traces.stop()
        for pipe in pipes:
            pipe.finish()
        watch.stopped_traces = any(pipe.full for pipe in pipes)
    return watch


@contextlib.contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    # SIGTERM ends the recording as Ctrl-C does: what was seen so far is written.
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _end(process: subprocess.Popen[bytes]) -> None:
    for how in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_S)


def _write(
    request: Request, watch: _Watch, log: CallLog, known: dict[str, Any], staging: Path, disk: Disk
) -> dict[str, Any]:
    sampler = watch.sampler
    numbers = sampler.writers()
    lanes = [sampler.lanes[number] for number in numbers]
    calls = [_merged(log, lane) for lane in lanes]
    rows = _rows(sampler.rows, numbers, memcg=bool(sampler.limit))
    for number, each in enumerate(calls):
        # A process is gone with its counters: what it wrote after the last look, the trace knows.
        rows[-1][f"w{number}_bytes"] = max(rows[-1][f"w{number}_bytes"], each.bytes)
    blocked, classes = summary.blocking(lanes)
    memcg = sampler.memcg
    meta = {
        "run": request.output.resolve().name,
        **known,
        "cgroup": memcg.version if memcg else "v1",
        "bw_MBps": request.rate_mbps or summary.disk_mbps(rows, _traced_disk(disk, staging)),
        "limit_MiB": round(sampler.limit / KIB / KIB, 3),
        "workload": request.workload,
        "writers": max(1, len(lanes)),
        "reader": 0,
        "secs": round(watch.seconds, 3),
        "command": " ".join(request.command),
        "exit_status": watch.status,
        "oom_kills": int(rows[-1].get("oom_kill", 0)),
        **summary.rates(rows, len(lanes)),
        **summary.levels(rows, memcg=bool(sampler.limit)),
        **summary.latencies(calls),
        **blocked,
        "trace": int(request.trace),
        "trace_stopped": int(watch.stopped_traces),
        "note": "interrupted" if watch.interrupted else "",
    }
    _write_samples(staging / "samples.csv", rows)
    if request.trace:
        _write_latencies(staging / "latency.csv", calls, watch.start_s)
    _write_stacks(staging / "stacks.txt", lanes)
    (staging / "meta.toml").write_text(summary.toml_text(meta, classes), encoding="utf-8")
    return meta


def _traced_disk(disk: Disk, staging: Path) -> Device:
    """Return what the trace tells of the disk's requests; nothing without a trace."""
    try:
        devices = read_trace(staging / TRACES[0]).devices
    except RecordingError:  # there is none, or no event in it
        return Device()
    return devices.get(disk.number.replace(":", ","), Device())


def _merged(log: CallLog, lane: Lane) -> Calls:
    # The trace names threads, and a lane its processes: of several threads only the first is known.
    merged = Calls()
    for pid in sorted(lane.pids):
        calls = log.threads.get(pid, Calls())
        merged.starts_s.extend(calls.starts_s)
        merged.seconds.extend(calls.seconds)
        merged.bytes += calls.bytes
    return merged


def _rows(
    sampled: Sequence[dict[str, float]], lanes: Sequence[int], *, memcg: bool
) -> list[dict[str, float]]:
    rows = []
    for row in sampled:
        kept = {name: value for name, value in row.items() if not name.startswith("lane")}
        for number, lane in enumerate(lanes):
            kept[f"w{number}_bytes"] = row.get(f"lane{lane}", 0)
        if not memcg and "bdi_BdiReclaimable" not in kept:
            # Without debugfs the machine's own levels stand in for the device's.
            kept["bdi_BdiReclaimable"] = kept["vm_nr_dirty"] * PAGE_SIZE // KIB
            kept["bdi_BdiWriteback"] = kept["vm_nr_writeback"] * PAGE_SIZE // KIB
        rows.append(kept)
    return rows


def _write_samples(path: Path, rows: Sequence[dict[str, float]]) -> None:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


def _write_latencies(path: Path, calls: Sequence[Calls], start_s: float) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write("task,role,t_s,latency_ms\n")
        for task, each in enumerate(calls):
            for begun, seconds in each.rows():
                file.write(f"{task},write,{begun - start_s:.4f},{1e3 * seconds:.4f}\n")


def _write_stacks(path: Path, lanes: Sequence[Lane]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for task, lane in enumerate(lanes):
            file.write(
                f"# task {task} role=write samples={lane.stacks.total()} ({STACKS_A_SECOND}/s; "
                "innermost function first; state D=uninterruptible S=sleeping R=running)\n"
            )
            for (state, stack), count in lane.stacks.most_common():
                file.write(f"{count}\t{state}\t{' < '.join(stack) or '(on cpu or no stack)'}\n")


def _warnings(meta: dict[str, Any], request: Request) -> Iterator[str]:
    if not meta["bw_MBps"]:
        yield "nothing was written to the disk; give its rate with --rate, or record for longer"
    if request.trace and "ops" not in meta:
        yield "no write() was timed: there was none, or this kernel does not trace system calls"
    if meta["trace_stopped"]:
        yield "the trace grew too long and was stopped; the samples go on to the end"
    if meta["exit_status"]:
        yield f"the command ended with {meta['exit_status']}"
