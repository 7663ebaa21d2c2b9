"""What every task of one run did, when and why: states with stacks, wake-ups, wait-for graphs.

Plain data, as records.py: it crosses process borders and outlives the run. Times are nanoseconds
since the start of the run.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reclaimlab.engine.trace import TraceEvent
    from reclaimlab.measure.records import Incident, Series, Verdict


class TaskState(StrEnum):
    """What a task does; a simulated task never waits for a CPU, so runnable takes no time."""

    RUNNING = "running"
    SLEEPING = "sleeping"
    """TASK_INTERRUPTIBLE."""
    UNINTERRUPTIBLE = "uninterruptible"
    KILLABLE = "killable"
    DEAD = "dead"


class Span(NamedTuple):
    """A stretch of time that a task spends in one state."""

    begin_ns: int
    end_ns: int
    state: TaskState
    waits_for: str
    """The resource or queue it sleeps on; empty while it runs."""
    stack: tuple[str, ...]
    """Kernel functions, innermost first; empty while it runs."""


class Wake(NamedTuple):
    """A wake-up: ``waker`` made ``woken`` runnable; both are places in :attr:`Timeline.tasks`."""

    time_ns: int
    woken: int
    waker: int | None
    """None: an interrupt or a timer did it."""


@dataclass(frozen=True, slots=True)
class TimelineTask:
    """One task and its spans, gapless from when it started to when the recording ended."""

    label: str
    """``name:pid``."""
    name: str
    pid: int
    is_kthread: bool
    spans: tuple[Span, ...]


class GraphNode(NamedTuple):
    """A task or a resource of a wait-for graph."""

    label: str
    is_task: bool
    live: bool
    """It can go on by itself: a task that runs or sleeps with a time limit, a device at work."""


@dataclass(frozen=True)
class WaitGraph:
    """Who waited for whom at one moment: the sleeping tasks and all that could help them."""

    time_ns: int
    nodes: tuple[GraphNode, ...]
    edges: tuple[tuple[int, int], ...]
    """Places in ``nodes``: the first waits for the second. Any one of several is enough."""

    @cached_property
    def closed(self) -> frozenset[int]:
        """The nodes that wait only on each other: none of them can ever go on."""
        helped: dict[int, list[int]] = {}
        for waiter, helper in self.edges:
            helped.setdefault(helper, []).append(waiter)
        reached: set[int] = set()
        live = [place for place, node in enumerate(self.nodes) if node.live]
        while live:
            place = live.pop()
            if place not in reached:
                reached.add(place)
                live.extend(helped.get(place, ()))
        return frozenset(range(len(self.nodes))) - reached


@dataclass(frozen=True)
class Timeline:
    """One run, recorded task by task; made by :func:`reclaimlab.machine.record_timeline`."""

    scenario: str
    contender: str
    seed: int
    verdict: Verdict
    end_ns: int
    tasks: tuple[TimelineTask, ...]
    wakes: tuple[Wake, ...]
    events: tuple[TraceEvent, ...]
    """Kernel tracepoints, in order of time."""
    series: tuple[Series, ...]
    incident: Incident | None
    graphs: tuple[WaitGraph, ...]
    """One for every moment at which a task went to sleep, in order of time."""

    @cached_property
    def _graph_times(self) -> list[int]:
        return [graph.time_ns for graph in self.graphs]

    @cached_property
    def moments(self) -> Sequence[int]:
        """When any task changed its state (ns), ascending, each once."""
        return sorted({span.begin_ns for task in self.tasks for span in task.spans})

    @cached_property
    def closing_ns(self) -> int | None:
        """When the set of tasks closed that never ran again; None unless they deadlocked."""
        if not self.graphs or not self.graphs[-1].closed:
            return None
        last = self.graphs[-1]
        labels = {last.nodes[place].label for place in last.closed if last.nodes[place].is_task}
        return max(
            task.spans[-1].begin_ns for task in self.tasks if task.label in labels and task.spans
        )

    def span_at(self, place: int, time_ns: int) -> Span | None:
        """Return what the task at ``place`` does at a time; None before it started."""
        spans = self.tasks[place].spans
        index = bisect_right(spans, time_ns, key=lambda span: span.begin_ns) - 1
        return spans[index] if index >= 0 else None

    def graph_at(self, time_ns: int) -> WaitGraph:
        """Return the wait-for graph at a time: who sleeps then, and what could wake them."""
        index = bisect_right(self._graph_times, time_ns) - 1
        if index < 0:
            return WaitGraph(time_ns, (), ())
        return self.graphs[index]

    def next_moment(self, time_ns: int) -> int | None:
        """Return when a task next changes its state after ``time_ns``; None after the last."""
        index = bisect_right(self.moments, time_ns)
        return self.moments[index] if index < len(self.moments) else None

    def previous_moment(self, time_ns: int) -> int | None:
        """Return when a task last changed its state before ``time_ns``; None before the first."""
        index = bisect_left(self.moments, time_ns) - 1
        return self.moments[index] if index >= 0 else None
