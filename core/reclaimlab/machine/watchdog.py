"""What goes wrong, and the evidence: deadlock, livelock, hung tasks.

A deadlock is proven from the wait-for graph. A hung task is found as khungtaskd finds it: exactly
TASK_UNINTERRUPTIBLE and not scheduled since the last look. A livelock is a machine whose tasks are
in the middle of calls while no page is cleaned, freed or charged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.engine.waitgraph import closed_set, find_cycle
from reclaimlab.kernel import oom
from reclaimlab.kernel.names import kernel_stack
from reclaimlab.measure.records import Incident, TaskReport, Verdict
from reclaimlab.policy.gfp import PF_KTHREAD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reclaimlab.engine.task import Task
    from reclaimlab.kernel.kernel import Kernel

MOST_TASKS = 16
"""Tasks shown in one incident."""
LONG_ENOUGH_NS = 100_000_000
"""An uninterruptible sleep worth a look at the graph."""


class Watchdog:
    """Looks at the tasks of one kernel now and then.

    Attributes:
        incident: the worst found so far.
    """

    def __init__(self, k: Kernel, *, hung_task_ns: int, progress_window_ns: int) -> None:
        self._k = k
        self._hung_task_ns = hung_task_ns
        self._progress_window_ns = progress_window_ns
        self.incident: Incident | None = None

    def look(self) -> bool:
        """Look once; return whether the run is over (nothing can change any more)."""
        k = self._k
        now = k.loop.now
        blocked = [
            task
            for task in k.loop.tasks
            if task.state in "DK" and now - task.since_ns > LONG_ENOUGH_NS
        ]
        if blocked:
            dead = closed_set(k.loop.tasks)
            if dead:
                self._deadlocked(dead)
                return True
            if self.incident is None:
                self._hung(
                    [
                        task
                        for task in blocked
                        if task.state == "D" and now - task.since_ns >= self._hung_task_ns
                    ]
                )
        if now - k.progress_ns > self._progress_window_ns and self._someone_is_in_a_call():
            self._report(Verdict.LIVELOCK, now, blocked, (), "no page cleaned, freed or charged")
            return True
        return False

    def _deadlocked(self, dead: Sequence[Task]) -> None:
        closed_ns = max(task.since_ns for task in dead)
        others = [task for task in self._k.loop.tasks if task.state == "D" and task not in dead]
        self._report(
            Verdict.DEADLOCK,
            closed_ns,
            [*dead, *others],
            find_cycle(dead),
            f"{len(dead)} tasks wait only on each other",
        )

    def _hung(self, hung: Sequence[Task]) -> None:
        if hung:
            since = min(task.since_ns for task in hung)
            self._report(Verdict.STALL, since + self._hung_task_ns, hung, (), "hung task")

    def _someone_is_in_a_call(self) -> bool:
        return any(
            process.in_call_since_ns >= 0 for process in self._k.processes if not process.exited
        )

    def _report(
        self,
        verdict: Verdict,
        time_ns: int,
        tasks: Sequence[Task],
        cycle: tuple[str, ...],
        note: str,
    ) -> None:
        self.incident = Incident(
            verdict, time_ns, task_reports(self._k, tasks), cycle, oom.memory_state(self._k), note
        )
        self._k.hooks.notify("incident", verdict=str(verdict), time_ns=time_ns)


def task_reports(k: Kernel, tasks: Sequence[Task]) -> tuple[TaskReport, ...]:
    """Return what a report shows of ``tasks``: kernel threads first, then who sleeps longest."""
    folios = k.features.folio_names
    chosen = sorted(tasks, key=lambda task: (not task.flags & PF_KTHREAD, task.since_ns, task.pid))[
        :MOST_TASKS
    ]
    return tuple(
        TaskReport(
            task.label,
            task.state,
            (k.loop.now - task.since_ns) / 1e9,
            task.waits_for(),
            kernel_stack(task.stack(), folios=folios),
        )
        for task in chosen
    )


def oom_incident(k: Kernel) -> Incident | None:
    """Return the evidence of the first OOM kill or failed charge, the premature ones first."""
    if not k.oom_events:
        return None
    event = next((event for event in k.oom_events if event.premature), k.oom_events[0])
    verdict = Verdict.PREMATURE_OOM if event.premature else Verdict.OOM
    stack = kernel_stack(event.stack, folios=k.features.folio_names)
    what = f"killed {event.victim}" if event.victim else "the write failed with -ENOMEM"
    waiting = f"{event.waiting} would be free after writeback"
    note = f"{event.task} needed {event.needed} pages; {waiting}; {what}"
    report = TaskReport(event.task, "R", 0.0, "memory", stack)
    return Incident(verdict, event.time_ns, (report,), (), event.memory, note)
