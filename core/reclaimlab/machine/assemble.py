"""From a scenario to a running kernel: memory, devices, filesystems, memcgs, tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from reclaimlab.block import BlockDevice, LoopDevice
from reclaimlab.engine.loop import Loop
from reclaimlab.engine.rng import Streams
from reclaimlab.fs.bare_xfs import BareXfs
from reclaimlab.fs.base import Filesystem, FilesystemOptions
from reclaimlab.fs.ext4 import Ext3, Ext4
from reclaimlab.fs.gfs2 import Gfs2
from reclaimlab.fs.tmpfs import Tmpfs
from reclaimlab.fs.xfs import Xfs
from reclaimlab.kernel import kswapd, memcontrol, swap, workqueue
from reclaimlab.kernel.backing_dev import BackingDev
from reclaimlab.kernel.dirty_domain import DirtyDomain, writeback_set_ratelimit
from reclaimlab.kernel.kernel import DirtySettings, Kernel
from reclaimlab.kernel.memcontrol import MemCgroup
from reclaimlab.kernel.process import Process
from reclaimlab.machine import plugged
from reclaimlab.machine.plugged import DevicePlace, MountPlace
from reclaimlab.policy.contexts import FilesystemView
from reclaimlab.policy.gfp import PF_KSWAPD, PF_KTHREAD, PF_MEMALLOC
from reclaimlab.scenarios.tasks import PluginTask
from reclaimlab.units import PAGE_SIZE, pages
from reclaimlab.workloads import PROGRAMS
from reclaimlab.workloads.context import Context, do_exit, exec_program, fault_in, sleep

if TYPE_CHECKING:
    from reclaimlab.engine.order import Order
    from reclaimlab.engine.task import Steps
    from reclaimlab.engine.trace import Trace
    from reclaimlab.policy.table import HookTable
    from reclaimlab.scenarios.schema import Scenario

FILESYSTEMS: dict[str, type[Filesystem]] = {
    "xfs": Xfs,
    "ext4": Ext4,
    "ext3": Ext3,
    "gfs2": Gfs2,
    "tmpfs": Tmpfs,
    "bare-xfs": BareXfs,
}
COMMON = frozenset(
    {
        "program",
        "memcg",
        "filesystem",
        "count",
        "start",
        "start_jitter",
        "rss",
        "program_cache",
        "kthread",
        "oom_score_adj",
    }
)


class Environment(Protocol):
    """What stands in for time and hardware when every schedule is explored."""

    def loop(self) -> Loop:
        """Return the loop that tasks live in."""
        ...

    def streams(self) -> Any:
        """Return what random numbers come from."""
        ...

    def device(self, loop: Loop, name: str) -> Any:
        """Return the device that the scenario calls ``name``."""
        ...


class Assembly:
    """A kernel with everything the scenario names, by name.

    Attributes:
        devices, filesystems, memcgs: what the scenario calls them -> the thing.
    """

    def __init__(
        self,
        scenario: Scenario,
        hooks: HookTable,
        seed: int,
        order: Order | None = None,
        trace: Trace | None = None,
        environment: Environment | None = None,
    ) -> None:
        self.scenario = scenario
        self.loop = Loop(order, trace) if environment is None else environment.loop()
        self.environment = environment
        self.streams: Streams = Streams(seed) if environment is None else environment.streams()
        self.kernel = _kernel(scenario, hooks, self.loop, self.streams)
        self.memcgs = _memcgs(scenario, self.kernel)
        self.devices = {name: _device(self, name) for name in scenario.device}
        _swap(self)
        self.bdis: dict[str, BackingDev] = {}
        self.filesystems = {name: _filesystem(self, name) for name in scenario.filesystem}
        if scenario.machine.spare_pages is not None:
            self.kernel.zone.free = _tiny_memory(self.kernel, scenario.machine.spare_pages)
        for wb in self.kernel.wbs:
            wb.start(self.kernel)
        for name in scenario.task:
            _tasks(self, name)


def _kernel(scenario: Scenario, hooks: HookTable, loop: Loop, streams: Streams) -> Kernel:
    machine = scenario.machine
    dirty = DirtySettings(
        ratio=machine.dirty_ratio, background_ratio=machine.dirty_background_ratio,
        limit_bytes=machine.dirty_bytes, background_bytes=machine.dirty_background_bytes,
        expire_ns=machine.dirty_expire, interval_ns=machine.dirty_writeback_interval,
    )  # fmt: skip
    k = Kernel(
        loop, hooks, hooks.describe_kernel(machine.cgroup), streams,
        memory_pages=machine.memory // PAGE_SIZE, min_free_bytes=machine.min_free,
        cgroup=machine.cgroup, hz=machine.hz, cpus=machine.cpus, cpu_slowdown=machine.cpu_slowdown,
        reclaim_slowdown=machine.reclaim_slowdown,
        swappiness=machine.swappiness, dirty=dirty,
    )  # fmt: skip
    k.idle_workers = machine.idle_workers
    k.zone.free -= pages(machine.kernel_memory)
    k.global_domain = DirtyDomain()
    writeback_set_ratelimit(k)
    k.kthreadd = workqueue.Kthreadd(k)
    k.spawn("kswapd0", kswapd.kswapd(k), flags=PF_KTHREAD | PF_KSWAPD | PF_MEMALLOC)
    return k


def _tiny_memory(k: Kernel, spare: int) -> int:
    """Return the free pages of a machine with just enough for its memcgs, and ``spare``."""
    return k.zone.low_wmark + sum(group.limit for group in k.memcgs if not group.is_root) + spare


def _memcgs(scenario: Scenario, k: Kernel) -> dict[str, MemCgroup]:
    groups: dict[str, MemCgroup] = {"": k.root}
    waiting = dict(scenario.memcg)
    while waiting:
        for name, spec in list(waiting.items()):
            if spec.parent is not None and spec.parent not in groups:
                continue
            groups[name] = MemCgroup(
                k.loop, name, limit=spec.limit_pages or spec.limit // PAGE_SIZE,
                soft_limit=spec.soft_limit // PAGE_SIZE, high=spec.high // PAGE_SIZE,
                swappiness=spec.swappiness, parent=groups[spec.parent] if spec.parent else None,
            )  # fmt: skip
            k.memcgs.append(groups[name])
            del waiting[name]
    return groups


def _device(assembly: Assembly, name: str) -> BlockDevice:
    spec = assembly.scenario.device[name]
    if assembly.environment is not None:
        device: BlockDevice = assembly.environment.device(assembly.loop, name)
        return device
    if spec.loop:
        stream = assembly.streams[f"device {name}"]
        return LoopDevice(assembly.loop, stream, name, rate=spec.write_bw)
    settings: dict[str, Any] = {
        "write_bw": spec.write_bw, "read_bw": spec.read_bw, "latency_ns": spec.latency,
        "jitter_permille": round(spec.jitter * 1000), "nr_requests": spec.nr_requests,
        "max_request": spec.max_request, "legacy": spec.queue == "legacy",
        "irq_cpu": spec.irq_cpu, "erase_every": spec.erase_every,
        "erase_stall_ns": spec.erase_stall, "flush_ns": spec.flush_time,
        "burst_ns": spec.burst, "reads_apart": spec.reads_apart,
    }  # fmt: skip
    place = DevicePlace(assembly.loop, assembly.streams[f"device {name}"], name, settings)
    if spec.model is not None:
        return plugged.device(place, spec.model, spec.options)
    return BlockDevice(place.loop, place.stream, name, **settings)


def _swap(assembly: Assembly) -> None:
    machine = assembly.scenario.machine
    if machine.swap_device:
        assembly.kernel.swap = swap.SwapArea(
            assembly.devices[machine.swap_device], pages(machine.swap_size)
        )


def _filesystem(assembly: Assembly, name: str) -> Filesystem:
    spec = assembly.scenario.filesystem[name]
    k = assembly.kernel
    model = None if spec.type in FILESYSTEMS else plugged.FilesystemPlugin(spec.type, spec.options)
    features = k.hooks.describe_filesystem(
        FilesystemView(model.like if model else FILESYSTEMS[spec.type].type)
    )
    if model:
        features = model.features(features)
    if spec.maps_while_unsubmitted is not None:
        features = features._replace(maps_while_unsubmitted=spec.maps_while_unsubmitted)
    options = FilesystemOptions(
        write_begin_gfp=spec.write_begin_gfp, mapping_gfp=spec.mapping_gfp, log_size=spec.log_size,
        free_extent_pages=spec.free_extent // PAGE_SIZE, workers=spec.workers or 1,
        charge_failure=spec.charge_failure or "force",
        completion_memory=spec.completion_memory or "charge",
    )  # fmt: skip
    bdi: Any = None
    if spec.device:
        bdi = assembly.bdis.get(spec.device)
        if bdi is None:
            bdi = assembly.bdis[spec.device] = BackingDev(k, assembly.devices[spec.device])
            if estimate := assembly.scenario.device[spec.device].estimate:
                bdi.wb.know_bandwidth(estimate // PAGE_SIZE)
    place = MountPlace(k, name, bdi, features, options)
    mounted = model.mount(place) if model else FILESYSTEMS[spec.type](*place)
    if assembly.scenario.machine.shrinkable_slab and isinstance(mounted, Xfs):
        slab_pages = pages(assembly.scenario.machine.shrinkable_slab)
        k.zone.free -= slab_pages
        mounted.cached_inodes += slab_pages * 4
    return mounted


def _tasks(assembly: Assembly, name: str) -> None:
    spec = assembly.scenario.task[name]
    k = assembly.kernel
    arguments: dict[str, Any] = {
        field: value for field, value in dict(spec).items() if field not in COMMON
    }
    if "device" in arguments:
        arguments["device"] = assembly.devices[arguments["device"]]
    for number in range(1, spec.count + 1):
        own = f"{name}-{number}" if spec.count > 1 else name
        process = Process(own, assembly.memcgs[spec.memcg], is_kthread=spec.kthread)
        process.oom_score_adj = spec.oom_score_adj
        process.background = bool(arguments.get("background"))
        context = Context(
            k, process, assembly.filesystems.get(spec.filesystem), assembly.streams[f"task {own}"]
        )
        start = spec.start + (context.stream.below(spec.start_jitter) if spec.start_jitter else 0)
        k.spawn(
            own,
            _life(context, spec, arguments, start),
            flags=PF_KTHREAD if spec.kthread else 0,
            process=process,
        )


def _life(context: Context, spec: Any, arguments: dict[str, Any], start: int) -> Steps:
    """From birth to death: start, build up the rss, run the program, exit."""
    yield from sleep(context, start)
    if context.k.features.charges_kernel_memory:
        context.process.memcg.charge(KERNEL_PAGES_PER_TASK)
    if spec.program_cache:
        exec_program(context, pages(spec.program_cache))
    alive = yield from fault_in(context, pages(spec.rss))
    if context.k.features.charges_kernel_memory:
        memcontrol.refill_stock(context.process.memcg)
    if alive:
        if isinstance(spec, PluginTask):
            yield from plugged.program(context, spec.program, spec.options)
        else:
            yield from PROGRAMS[spec.program](context, **arguments)
    do_exit(context)


KERNEL_PAGES_PER_TASK = 18
"""Kernel memory charged with one process: 72 KiB in every recording of kernel-data (kmem_bytes)."""
