"""The OOM killers: whom they choose, and whether waiting would have helped.

Follows mm/oom_kill.c:oom_badness() and mm/memcontrol.c:mem_cgroup_handle_oom() of v3.10. Page cache
does not count towards badness: dd dies because its small rss is the largest in the group.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from reclaimlab.engine.waitgraph import closed_set
from reclaimlab.kernel import costs

if TYPE_CHECKING:
    from reclaimlab.engine.task import Steps
    from reclaimlab.kernel.kernel import Kernel
    from reclaimlab.kernel.memcontrol import MemCgroup
    from reclaimlab.kernel.process import Process


class OomEvent(NamedTuple):
    """One OOM kill, or one write() that failed with -ENOMEM; sizes in pages."""

    time_ns: int
    memcg: str
    """Empty for a global kill."""
    task: str
    """Who ran out of memory."""
    victim: str
    """Who was killed; empty for -ENOMEM."""
    needed: int
    waiting: int
    """Dirty or under writeback at that moment, on a path that can still complete."""
    stack: tuple[str, ...]
    memory: dict[str, int]

    @property
    def premature(self) -> bool:
        """Whether waiting for writeback would have freed what was needed."""
        return self.waiting >= self.needed


def oom_badness(k: Kernel, process: Process, total_pages: int) -> int:
    """Return how bad a victim ``process`` is, in pages of memory it would give back."""
    return process.rss_pages + process.swapped_pages + process.oom_score_adj * total_pages // 1000


def select_bad_process(k: Kernel, memcg: MemCgroup | None) -> Process | None:
    """Return the worst live process of ``memcg``, or of the machine."""
    total = k.zone.managed if memcg is None else memcg.limit
    candidates = [
        process
        for process in k.processes
        if not process.exited
        and not process.is_kthread
        and (memcg is None or memcg in process.memcg.lineage())
    ]
    return max(candidates, key=lambda process: oom_badness(k, process, total), default=None)


def reclaimable_by_waiting(k: Kernel, memcg: MemCgroup | None) -> int:
    """Return the file pages that writeback, going on, would make free: dirty or in flight.

    A page whose writeback waits for a closed set of tasks will never be clean and does not count.
    """
    dead = set(map(id, closed_set(k.loop.tasks)))
    if not dead:
        return (
            (k.nr_dirty + k.nr_writeback) if memcg is None else memcg.nr_dirty + memcg.nr_writeback
        )
    groups = k.memcgs if memcg is None else [memcg]
    waiting = 0
    for group in groups:
        for lru in (group.lruvec.inactive_file, group.lruvec.active_file):
            for extent in lru:
                unit = extent.unit
                submitter_dead = (
                    unit is not None and unit.submitter is not None and id(unit.submitter) in dead
                )
                if (extent.dirty or unit is not None) and not submitter_dead:
                    waiting += extent.nr
    return waiting


def record_failure(k: Kernel, memcg: MemCgroup | None, needed: int, victim: str) -> OomEvent:
    """Note that memory ran out; give the note."""
    task = k.current
    event = OomEvent(
        k.loop.now, "" if memcg is None else memcg.name, task.label, victim, needed,
        reclaimable_by_waiting(k, memcg), task.stack(), memory_state(k),
    )  # fmt: skip
    k.oom_events.append(event)
    return event


def memory_state(k: Kernel) -> dict[str, int]:
    """Return the memory state in pages, for a report."""
    state = {
        "free": k.zone.free,
        "min": k.zone.min_wmark,
        "dirty": k.nr_dirty,
        "writeback": k.nr_writeback,
    }
    for group in k.memcgs:
        if group.is_root:
            continue
        lruvec = group.lruvec
        state |= {
            f"{group.name}.usage": group.usage,
            f"{group.name}.dirty": group.nr_dirty,
            f"{group.name}.writeback": group.nr_writeback,
            f"{group.name}.inactive_file": lruvec.inactive_file.nr,
            f"{group.name}.active_file": lruvec.active_file.nr,
            f"{group.name}.anon": lruvec.nr_anon,
        }
    return state


def oom_kill_process(k: Kernel, memcg: MemCgroup | None, victim: Process) -> None:
    """Send SIGKILL to ``victim``; it dies when it next looks."""
    k.vmstat.oom_kill += 1
    if memcg is not None:
        memcg.oom_kills += 1
    task = victim.task
    if task is not None and not task.killed:
        k.tracepoint("mark_victim", pid=task.pid)
        task.killed = True
        k.loop.interrupt(task)


def mem_cgroup_handle_oom(k: Kernel, memcg: MemCgroup, gfp: int, nr: int) -> Steps:
    """Kill the worst process of ``memcg``, then sleep a tick, killably, for it to die."""
    victim = select_bad_process(k, memcg)
    if victim is not None:
        task = victim.task
        if task is not None and not task.killed:
            record_failure(k, memcg, nr, task.label)
            oom_kill_process(k, memcg, victim)
    if not k.current.killed:
        yield memcg.oom_wait.for_at_most(k.jiffy_ns)


def out_of_memory(k: Kernel, nr: int) -> Steps:
    """Kill the worst process of the machine (mm/oom_kill.c:out_of_memory)."""
    victim = select_bad_process(k, None)
    if victim is not None and victim.task is not None and not victim.task.killed:
        record_failure(k, None, nr, victim.task.label)
        oom_kill_process(k, None, victim)
    yield costs.RECLAIM_CALL_NS
