"""Recording a run task by task: the same run again, with a trace that follows every task.

A run is fully determined, so nothing of this needs to be stored: whoever wants to look makes the
run again and looks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.engine.task import Task
from reclaimlab.engine.trace import Trace
from reclaimlab.kernel.names import kernel_stack
from reclaimlab.machine.simulate import simulate
from reclaimlab.measure.timeline import (
    GraphNode,
    Span,
    TaskState,
    Timeline,
    TimelineTask,
    WaitGraph,
    Wake,
)
from reclaimlab.policy.gfp import PF_KTHREAD

if TYPE_CHECKING:
    from collections.abc import Callable

    from reclaimlab.engine.wait import Resource
    from reclaimlab.policy.table import HookTable
    from reclaimlab.scenarios.schema import Scenario

_STATES = {
    "S": TaskState.SLEEPING,
    "D": TaskState.UNINTERRUPTIBLE,
    "K": TaskState.KILLABLE,
    "X": TaskState.DEAD,
    "R": TaskState.RUNNING,
}


class TimelineTrace(Trace):
    """Follows every task, and draws the wait-for graph whenever one goes to sleep.

    Args:
        from_ns: keep nothing that was over before.
        folios: show stacks with the names of kernels from v5.17 on.
    """

    def __init__(self, *, from_ns: int = 0, folios: bool = False) -> None:
        super().__init__()
        self._from_ns = from_ns
        self._folios = folios
        self._places: dict[Task, int] = {}
        self._spans: list[list[Span]] = []
        self._open: list[Span] = []
        self._stacks: dict[tuple[str, ...], tuple[str, ...]] = {}
        self.wakes: list[Wake] = []
        self.graphs: list[WaitGraph] = []

    # ---- told by the loop -----------------------------------------------------------------------

    def spawned(self, time_ns: int, task: Task) -> None:
        """Begin the task's line."""
        self._places[task] = len(self._spans)
        self._spans.append([])
        self._open.append(Span(time_ns, -1, TaskState.RUNNING, "", ()))

    def blocked(self, time_ns: int, task: Task) -> None:
        """End a stretch of running; draw who waits for whom now."""
        self._turn(time_ns, task, _STATES[task.state], task.waits_for(), self._stack(task))
        if time_ns >= self._from_ns:
            graph = _graph(time_ns, self._places)
            if self.graphs and self.graphs[-1].time_ns == time_ns:
                self.graphs.pop()
            self.graphs.append(graph)

    def woken(self, time_ns: int, task: Task, waker: Task | None) -> None:
        """End a sleep."""
        self._turn(time_ns, task, TaskState.RUNNING, "", ())
        if time_ns >= self._from_ns:
            place = self._places[waker] if waker is not None else None
            self.wakes.append(Wake(time_ns, self._places[task], place))

    def ended(self, time_ns: int, task: Task) -> None:
        """End the task's line."""
        self._turn(time_ns, task, TaskState.DEAD, "", ())

    # ---- the result -----------------------------------------------------------------------------

    def tasks(self, end_ns: int) -> tuple[TimelineTask, ...]:
        """Return every task with its spans, the last of each ending at ``end_ns``."""
        return tuple(
            TimelineTask(
                task.label,
                task.name,
                task.pid,
                bool(task.flags & PF_KTHREAD),
                (*self._spans[place], self._open[place]._replace(end_ns=end_ns)),
            )
            for task, place in self._places.items()
        )

    def _turn(
        self, time_ns: int, task: Task, state: TaskState, waits_for: str, stack: tuple[str, ...]
    ) -> None:
        place = self._places[task]
        was = self._open[place]
        if time_ns > was.begin_ns and time_ns >= self._from_ns:
            self._spans[place].append(was._replace(end_ns=time_ns))
        self._open[place] = Span(time_ns, -1, state, waits_for, stack)

    def _stack(self, task: Task) -> tuple[str, ...]:
        stack = task.stack()
        shown = self._stacks.get(stack)
        if shown is None:
            shown = self._stacks[stack] = kernel_stack(stack, folios=self._folios)
        return shown


def _graph(time_ns: int, tasks: dict[Task, int]) -> WaitGraph:
    """Return the graph of all that sleep for something, idle places left out."""
    nodes: list[GraphNode] = []
    edges: list[tuple[int, int]] = []
    places: dict[int, int] = {}
    pending: list[Task | Resource] = []

    def place_of(node: Task | Resource) -> int:
        place = places.get(id(node))
        if place is None:
            place = places[id(node)] = len(nodes)
            nodes.append(_node(node))
            pending.append(node)
        return place

    for task in tasks:
        if task.waits_on is not None and task.waits_on.resource is not None:
            place_of(task)
    while pending:
        node = pending.pop()
        place = places[id(node)]
        edges.extend((place, place_of(other)) for other in node.releasers() if other is not node)
    return WaitGraph(time_ns, tuple(nodes), tuple(edges))


def _node(node: Task | Resource) -> GraphNode:
    if isinstance(node, Task):
        idle = node.waits_on is None or node.waits_on.resource is None
        live = not node.ended and (idle or node.time_limit is not None)
        return GraphNode(node.label, is_task=True, live=live)
    return GraphNode(
        node.label, is_task=False, live=any(other is node for other in node.releasers())
    )


def record_timeline(
    scenario: Scenario,
    contender: str,
    table: HookTable,
    seed: int,
    *,
    from_ns: int = 0,
    until_ns: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Timeline:
    """Make a run again and record what every task did.

    Args:
        scenario, contender, table, seed: as for :func:`simulate`.
        from_ns: keep nothing that was over before; the run still starts at 0.
        until_ns: end then.
        progress: called with the simulated time in ns at every sample; may raise to give up.

    Raises:
        PolicyError: a policy raised or answered nonsense.
    """
    folios = table.describe_kernel(scenario.machine.cgroup).folio_names
    trace = TimelineTrace(from_ns=from_ns, folios=folios)
    result = simulate(
        scenario, contender, table, seed, progress=progress, trace=trace, until_ns=until_ns
    )
    end_ns = result.ended_ns
    return Timeline(
        scenario=scenario.name,
        contender=contender,
        seed=seed,
        verdict=result.verdict,
        end_ns=end_ns,
        tasks=trace.tasks(end_ns),
        wakes=tuple(trace.wakes),
        events=tuple(
            sorted(
                (e for e in trace.events if from_ns <= e.time_ns <= end_ns),
                key=lambda event: event.time_ns,
            )
        ),
        series=result.series,
        incident=result.incident,
        graphs=tuple(trace.graphs),
    )
