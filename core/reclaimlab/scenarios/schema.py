"""What a scenario is: its tables as frozen models, with units in every description."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from reclaimlab.scenarios.fields import (
    Model,
    Name,
    Options,
    Percent,
    Rate,
    Scalar,
    ScenarioName,
    Size,
    SomeSize,
    SomeTime,
    Swappiness,
    Time,
)
from reclaimlab.scenarios.plugged import device_model, filesystem_type
from reclaimlab.scenarios.tasks import TaskSpec
from reclaimlab.units import KIB, MIB, MSEC, PAGE_SIZE, SEC

Tasks = dict[Name, TaskSpec]


class Header(Model):
    """The table ``[scenario]``: what the scenario is for, and how long it runs."""

    name: ScenarioName = Field(description="name of the scenario, as its file's")
    title: str = Field(
        min_length=1, pattern=r"^[^\n]*$", description="what it stresses, in one line"
    )
    description: str = Field("", description="more of that, in sentences")
    source: str = Field("", description="where it comes from: a mail, a commit, a recording")
    decides: str = Field(description='the number that decides: a metric, or "verdict"')
    duration: SomeTime = Field(description="simulated time")
    hung_task: SomeTime = Field(
        120 * SEC, description="uninterruptible sleep that is a stall (time)"
    )
    progress_window: SomeTime = Field(
        60 * SEC, description="time without progress that is a livelock"
    )
    sample_interval: SomeTime = Field(100 * MSEC, description="time between two samples")
    kernel: str = Field(min_length=1, description="contender that others are compared with")


class Parameter(Model):
    """A named knob of a scenario, set by its bare name."""

    default: Scalar = Field(description="value in force")
    unit: Literal["", "time", "bytes", "rate", "count"] = Field("", description="unit of the value")
    doc: str = Field(min_length=1, description="what it changes")
    choices: Annotated[tuple[Scalar, ...], Field(strict=False)] | None = Field(
        None, description="the values it may have"
    )
    sets: Annotated[tuple[str, ...], Field(strict=False, min_length=1)] = Field(
        description="dotted paths that get the value"
    )


class MachineSpec(Model):
    """The machine: memory, processors and the writeback sysctls."""

    memory: Annotated[SomeSize, Field(ge=MIB)] = Field(description="RAM (bytes)")
    cpus: int = Field(2, ge=1, le=4096, description="processors (count)")
    cpu_slowdown: int = Field(
        1, ge=1, le=1000, description="how many times slower than usual they are, as if emulated"
    )
    reclaim_slowdown: int = Field(
        1, ge=1, le=1000, description="the same for reclaim's scans, whose atomics emulate badly"
    )
    cgroup: Literal["v1", "v2"] = Field(description="hierarchy of the memory controller")
    hz: int = Field(250, ge=10, le=10_000, description="timer ticks per second")
    swappiness: Swappiness = Field(60, description="vm.swappiness")
    dirty_ratio: Percent = Field(20, description="vm.dirty_ratio (per cent)")
    dirty_background_ratio: Percent = Field(10, description="vm.dirty_background_ratio (per cent)")
    dirty_bytes: Size = Field(0, description="vm.dirty_bytes; 0: the ratio counts")
    dirty_background_bytes: Size = Field(0, description="vm.dirty_background_bytes; 0: the ratio")
    dirty_expire: Time = Field(30 * SEC, description="age at which dirty data is written (time)")
    dirty_writeback_interval: Time = Field(5 * SEC, description="time between two flusher wakeups")
    swap_device: str = Field("", description="device swapped to; empty: no swap")
    swap_size: Size = Field(0, description="swap space (bytes)")
    idle_workers: int = Field(2, ge=0, le=4096, description="idle workers in a pool at the start")
    kernel_memory: Size = Field(0, description="memory on no LRU: text, slab, ... (bytes)")
    min_free: Size = Field(0, description="vm.min_free_kbytes, in bytes; 0: the kernel's formula")
    spare_pages: int | None = Field(
        None,
        ge=0,
        description="pages free over the low watermark and the memcgs' limits, for tiny machines",
    )
    shrinkable_slab: Size = Field(0, description="reclaimable inodes and dentries at start (bytes)")


class MemcgSpec(Model):
    """One memory cgroup."""

    limit: Size = Field(0, description="hard limit (bytes); 0: none")
    limit_pages: int | None = Field(
        None, ge=1, description="hard limit (pages), in place of limit: for tiny machines"
    )
    soft_limit: Size = Field(0, description="soft limit (bytes); 0: none; cgroup v1 only")
    high: Size = Field(0, description="memory.high (bytes); 0: none; cgroup v2 only")
    swappiness: Swappiness | None = Field(None, description="memory.swappiness; as the machine's")
    parent: str | None = Field(None, description="memcg above this one; the root")


def _write_bw(known: dict[str, Any]) -> Any:
    return known["write_bw"]


class DeviceSpec(Model):
    """One block device: a server of requests with a rate and a queue."""

    background: bool = Field(
        False, description="the rest of the machine: not counted in device_throughput"
    )
    write_bw: Rate = Field(description="write bandwidth (bytes/s)")
    read_bw: Rate = Field(
        default_factory=_write_bw, description="read bandwidth (bytes/s); as write"
    )
    latency: Time = Field(0, description="fixed time per request")
    jitter: float = Field(0.02, ge=0, le=0.5, description="share of the service time that varies")
    nr_requests: int = Field(128, ge=1, le=1 << 20, description="requests in the queue (count)")
    max_request: Annotated[SomeSize, Field(ge=PAGE_SIZE)] = Field(
        512 * KIB, description="largest request (bytes)"
    )
    queue: Literal["legacy", "mq"] = Field("legacy", description="legacy queues signal congestion")
    irq_cpu: int = Field(0, ge=0, description="processor that takes the interrupts")
    erase_every: Size = Field(0, description="bytes written between two erases; 0: never")
    erase_stall: Time = Field(0, description="time an erase stops the device")
    flush_time: Time = Field(0, description="time to empty the write cache at a journal commit")
    loop: bool = Field(False, description="a loop device: served by a task of program loop")
    estimate: Size = Field(
        0, description="write rate that writeback has learnt of it before (bytes/s); 0: 100 MiB/s"
    )
    burst: Time = Field(
        0, description="idle time that it makes up for, as a leaky bucket that limits a rate does"
    )
    reads_apart: bool = Field(
        False, description="reads have a queue of their own and take turns with the writes"
    )
    kind: str = Field("", description="what the device is, for the reader")
    model: Annotated[str, AfterValidator(device_model)] | None = Field(
        None, description="model of a plugin that it follows; the built-in one"
    )
    options: Options | None = Field(None, description="what that model can be told")


class FilesystemSpec(Model):
    """One mounted filesystem."""

    type: Annotated[str, AfterValidator(filesystem_type)] = Field(
        description="which filesystem: xfs, ext4, ext3, gfs2, tmpfs, bare-xfs or a plugin's"
    )
    device: str = Field("", description="device it is on; empty for tmpfs")
    log_size: SomeSize = Field(10 * MIB, description="journal (bytes)")
    write_begin_gfp: Literal["kernel", "fs", "nofs"] = Field(
        "kernel", description="page cache mask of write(); kernel: as that version does"
    )
    free_extent: Size = Field(
        0, description="largest free extent of a fragmented filesystem (bytes); 0: no limit"
    )
    maps_while_unsubmitted: bool | None = Field(
        None, description="maps extents with unsubmitted pages; as the kernel does"
    )
    workers: int | None = Field(
        None, ge=1, le=16, description="workers that complete I/O (count); bare-xfs only"
    )
    charge_failure: Literal["force", "retry"] | None = Field(
        None, description="a failed charge of the completion: over the limit, or again; bare-xfs"
    )
    completion_memory: Literal["charge", "slab"] | None = Field(
        None, description="what a completion allocates: a charged page, or a log vector; bare-xfs"
    )
    mapping_gfp: Literal["default", "noio"] = Field(
        "default", description="mask of the mapping; noio: a loop device's backing file"
    )
    options: Options | None = Field(None, description="what a plugin's filesystem can be told")


class RecordingRef(Model):
    """What a real machine measured, for a comparison with the run."""

    dir: str = Field(description="folder of the measured files, from the scenario; empty: none")
    run: str = Field(description="name of the recorded run")
    kernel: str = Field(description="kernel it ran on")
    measured: dict[str, float] = Field(
        default_factory=dict, description="metric -> value, SI units"
    )


class Body(Model):
    """The tables of a scenario beside ``[scenario]``."""

    parameters: dict[Name, Parameter] = Field(default_factory=dict, description="named knobs")
    machine: MachineSpec = Field(description="the machine")
    memcg: dict[Name, MemcgSpec] = Field(default_factory=dict, description="memory cgroups")
    device: dict[Name, DeviceSpec] = Field(default_factory=dict, description="block devices")
    filesystem: dict[Name, FilesystemSpec] = Field(default_factory=dict, description="filesystems")
    task: Tasks = Field(default_factory=dict, description="tasks")
    recording: RecordingRef | None = Field(None, description="what a real machine measured")


class ScenarioFile(Body):
    """A scenario as its file is laid out."""

    scenario: Header = Field(description="what the scenario is for")


class Scenario(Header, Body):
    """A whole scenario, parameters and settings applied: the header's keys and the tables."""

    @classmethod
    def of(cls, file: ScenarioFile) -> Scenario:
        """Return the scenario of a checked ``file``."""
        parts = {name: getattr(file, name) for name in Body.model_fields}
        header = {name: getattr(file.scenario, name) for name in Header.model_fields}
        given = file.scenario.model_fields_set | (file.model_fields_set - {"scenario"})
        return cls.model_construct(_fields_set=given, **header, **parts)
