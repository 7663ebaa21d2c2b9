"""The state of one simulated kernel: what is global in the real one.

Functions in this package take the kernel as their first argument, as the real ones take it from
nowhere; nothing else is global.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reclaimlab.engine.wait import WaitQueue
from reclaimlab.kernel import costs
from reclaimlab.kernel.memcontrol import MemCgroup
from reclaimlab.kernel.mmzone import Zone
from reclaimlab.kernel.process import Process
from reclaimlab.measure.vmstat import VmStat
from reclaimlab.policy.gfp import describe_gfp
from reclaimlab.units import SEC

if TYPE_CHECKING:
    from reclaimlab.engine.loop import Loop
    from reclaimlab.engine.rng import Streams
    from reclaimlab.engine.task import Steps, Task
    from reclaimlab.kernel.slab import KmemCache
    from reclaimlab.kernel.workqueue import WorkerPool
    from reclaimlab.policy.contexts import Features
    from reclaimlab.policy.table import HookTable


STAT_UNIT_PAGES = 1 << 15
"""128 MiB."""


class DirtySettings:
    """vm.dirty_*: shares in per cent, sizes in bytes (0: use the share), times in ns."""

    __slots__ = (
        "background_bytes",
        "background_ratio",
        "bytes",
        "expire_ns",
        "interval_ns",
        "ratio",
    )

    def __init__(
        self,
        *,
        ratio: int,
        background_ratio: int,
        limit_bytes: int,
        background_bytes: int,
        expire_ns: int,
        interval_ns: int,
    ) -> None:
        self.ratio = ratio
        self.background_ratio = background_ratio
        self.bytes = limit_bytes
        self.background_bytes = background_bytes
        self.expire_ns = expire_ns
        self.interval_ns = interval_ns


class Kernel:
    """One machine's kernel.

    Attributes:
        hooks: the policies of this run.
        features: what this kernel version is.
        cgroup: ``v1`` or ``v2``.
        memcgs: all memory cgroups, the root first.
        nr_dirty, nr_writeback: pages machine-wide (NR_FILE_DIRTY, NR_WRITEBACK).
        reclaim_wait: sleepers in reclaim_throttle(WRITEBACK), and nr_throttled of them.
    """

    # More attributes than an instance without slots keeps in line: each access would be a look-up.
    __slots__ = (
        "bdis", "bound_pools", "caches", "cgroup", "completion_cpus", "congestion_wait_queue",
        "cpu_slowdown", "cpus", "dirty", "features", "free_clean_ns", "global_domain", "hooks",
        "hz", "idle_workers", "jiffy_ns", "kthread", "kthreadd", "loop", "memcgs", "nr_dirty",
        "nr_throttled", "nr_writeback", "oom_events", "pools", "processes", "progress_ns",
        "reclaim_slowdown", "reclaim_wait", "reclaim_wait_congested", "root", "scan_batch_ns",
        "scan_folio_ns", "scan_page_ns", "shrinkers", "stat_threshold", "streams", "swap",
        "swappiness", "throttle_start_written", "throttled_written_diff", "trace", "unbound_pool",
        "vmstat", "wbs", "zone",
    )  # fmt: skip

    def __init__(
        self,
        loop: Loop,
        hooks: HookTable,
        features: Features,
        streams: Streams,
        *,
        memory_pages: int,
        min_free_bytes: int = 0,
        cgroup: str = "v1",
        hz: int = 250,
        cpus: int = 2,
        cpu_slowdown: int = 1,
        reclaim_slowdown: int = 1,
        swappiness: int = 60,
        dirty: DirtySettings,
    ) -> None:
        self.loop = loop
        self.hooks = hooks
        self.features = features
        self.streams = streams
        self.cgroup = cgroup
        self.hz = hz
        self.jiffy_ns = SEC // hz
        self.cpus = cpus
        self.cpu_slowdown = cpu_slowdown
        self.reclaim_slowdown = reclaim_slowdown
        self.scan_batch_ns = costs.scan_ns(1, 0, 0, has_folios=features.folio_names)
        """CPU time of a batch of reclaim besides that of its pages."""
        self.scan_folio_ns = costs.scan_ns(0, 1, 0, has_folios=features.folio_names)
        self.scan_page_ns = costs.scan_ns(0, 0, 1, has_folios=features.folio_names)
        """CPU time to look at a page, beside that for its folio."""
        self.free_clean_ns = costs.FREE_PAGE_NS + self.scan_folio_ns + self.scan_page_ns
        """CPU time to look at one clean page and free it."""
        self.swappiness = swappiness
        self.dirty = dirty
        self.zone = Zone(loop, managed=memory_pages, min_free_bytes=min_free_bytes)
        self.vmstat = VmStat()
        self.root = MemCgroup(loop, "root", limit=0, soft_limit=0, is_root=True)
        self.memcgs: list[MemCgroup] = [self.root]
        self.kthread = Process("kernel", self.root, is_kthread=True)
        self.processes: list[Process] = []
        self.bdis: list[Any] = []
        self.wbs: list[Any] = []
        self.swap: Any = None
        self.caches: dict[str, KmemCache] = {}
        self.shrinkers: list[Any] = []
        self.pools: list[Any] = []
        self.bound_pools: dict[int, WorkerPool] = {}
        self.unbound_pool: WorkerPool | None = None
        self.idle_workers = 2
        self.kthreadd: Any = None
        self.global_domain: Any = None
        self.nr_dirty = 0
        self.nr_writeback = 0
        self.nr_throttled = 0
        self.throttled_written_diff = [0] * cpus
        self.completion_cpus = streams["processors of completions"]
        units = memory_pages // STAT_UNIT_PAGES
        self.stat_threshold = min(2 * cpus.bit_length() * (1 + units.bit_length()), 125)
        """Pages by which a node's counter may be behind (calculate_normal_threshold())."""
        self.throttle_start_written = 0
        self.reclaim_wait = WaitQueue(loop, "reclaim_wait[WRITEBACK]")
        self.reclaim_wait_congested = WaitQueue(loop, "reclaim_wait[CONGESTED]")
        self.congestion_wait_queue = WaitQueue(loop, "congestion_wqh[BLK_RW_ASYNC]")
        self.oom_events: list[Any] = []
        self.progress_ns = 0
        """When a page was last cleaned, freed or charged."""
        self.trace = loop.trace

    def tracepoint(self, name: str, **arguments: int | str) -> None:
        """Record that the task that runs passed a tracepoint of the kernel, if anyone listens."""
        if self.trace is not None:
            if "gfp_flags" in arguments:
                arguments["gfp_flags"] = describe_gfp(int(arguments["gfp_flags"]))
            self.trace.emit(self.loop.now, self.loop.current, name, **arguments)

    @property
    def current(self) -> Task:
        """The task that runs."""
        task = self.loop.current
        assert task is not None, "in interrupt context there is no current"
        return task

    @property
    def process(self) -> Process:
        """The process of the task that runs; the kernel's own for threads without one."""
        owner = self.current.owner
        return owner if type(owner) is Process else self.kthread

    def spawn(
        self, name: str, steps: Steps, *, flags: int = 0, process: Process | None = None
    ) -> Task:
        """Start a task for ``process``, or a kernel thread."""
        task = self.loop.spawn(name, steps, flags=flags)
        if process is not None:
            task.owner = process
            process.task = task
            self.processes.append(process)
        return task
