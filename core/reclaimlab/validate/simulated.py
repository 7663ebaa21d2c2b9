"""The observation that a run of the simulator is: sampled as the recordings were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reclaimlab.kernel.names import kernel_stack
from reclaimlab.machine.meter import percentile
from reclaimlab.units import MSEC, PAGE_SIZE, SEC
from reclaimlab.validate.blocking import RUNNING, class_of, shares
from reclaimlab.validate.observation import Kill, Observation

if TYPE_CHECKING:
    from reclaimlab.kernel.process import Process
    from reclaimlab.machine.assemble import Assembly

SAMPLE_NS: Final = 100 * MSEC
STACK_NS: Final = 50 * MSEC
COUNTS: Final = ("reclaims", "scanned", "reclaimed", "throttle_sleeps", "throttle_s")


class Sampler:
    """Looks at a machine while it runs: counters every 100 ms, the writers' stacks every 50 ms."""

    def __init__(self) -> None:
        self._assembly: Assembly
        self._rows: list[tuple[float, ...]] = []
        self._counts: list[tuple[float, ...]] = []
        self._stacks: dict[str, int] = {}
        self._dead = False

    def observe(self, assembly: Assembly) -> None:
        """Begin to sample ``assembly``."""
        self._assembly = assembly
        assembly.loop.call_after(0, self._sample)
        assembly.loop.call_after(STACK_NS // 2, self._look)

    def _sample(self) -> None:
        k = self._assembly.kernel
        group = k.memcgs[-1] if len(k.memcgs) > 1 else self._assembly.bdis["sda"]
        device = self._assembly.devices["sda"]
        device.in_flight()  # what is done by now counts as written
        self._rows.append(
            (
                k.loop.now / SEC,
                float(sum(process.accepted_bytes for process in self._writers())),
                float(device.written_bytes),
                float(group.nr_dirty * PAGE_SIZE),
                float(group.nr_writeback * PAGE_SIZE),
            )
        )
        stat = k.vmstat
        self._counts.append(
            (
                float(stat.memcg_reclaims),
                float(stat.pgscan),
                float(stat.pgsteal),
                float(stat.throttles),
                stat.throttle_ns / SEC,
            )
        )
        k.loop.call_after(SAMPLE_NS, self._sample)

    def _look(self) -> None:
        k = self._assembly.kernel
        for process in self._writers():
            if process.exited or process.task is None:
                continue
            task = process.task
            name = RUNNING
            if task.state in "DKS":
                name = class_of(kernel_stack(task.stack(), folios=k.features.folio_names))
            self._stacks[name] = self._stacks.get(name, 0) + 1
        k.loop.call_after(STACK_NS, self._look)

    def _writers(self) -> list[Process]:
        return [process for process in self._assembly.kernel.processes if process.is_writer]

    def observation(self, duration_s: float, traced_s: float, *, sequential: bool) -> Observation:
        """Return what was seen; counters are those after ``traced_s``."""
        k = self._assembly.kernel
        times, accepted, written, dirty, writeback = zip(*self._rows, strict=True)
        kills = [event for event in k.oom_events if event.victim]
        at = min(round(traced_s * SEC / SAMPLE_NS), len(self._counts) - 1) if traced_s else -1
        return Observation(
            times_s=times,
            accepted=accepted,
            written=written,
            dirty=dirty,
            writeback=writeback,
            latency_s=self._latency(),
            blocking=shares(self._stacks.items()),
            counts=dict(zip(COUNTS, self._counts[at], strict=True)) | {"traced_s": traced_s},
            killed=Kill(kills[0].time_ns / SEC, kills[0].time_ns / SEC) if kills else None,
            duration_s=duration_s,
            sequential=sequential,
        )

    def _latency(self) -> dict[str, float]:
        found: dict[str, float] = {}
        now = self._assembly.loop.now
        for process in self._writers():
            ended = sorted(process.write_ns)
            open_ns = now - process.in_call_since_ns if process.in_call_since_ns >= 0 else 0
            if process.exited:
                open_ns = 0
            worst = {
                "p50": percentile(ended, 0.5),
                "p99": percentile(ended, 0.99),
                "max": max([open_ns, *ended[-1:]]),
            }
            for name, value in worst.items():
                found[name] = max(found.get(name, 0.0), value / SEC)
        reads = sorted(ns for process in self._assembly.kernel.processes for ns in process.read_ns)
        return found | {"reader_p99": percentile(reads, 0.99) / SEC} if reads else found
