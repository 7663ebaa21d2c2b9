"""A stored exploration as rows: what was explored, the steps of a schedule, its wait-for graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reclaimlab.explore.text import memory_changes, turn_ends
from reclaimlab.measure.timeline import GraphNode, WaitGraph
from reclaimlab.units import MIB, PAGE_SIZE
from reclaimlab_gui.models.table import Cell, Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reclaimlab.explore.replay import StepView
    from reclaimlab.store.explorations import StoredExploration

EXPLORATION_HEADER: Final = ("exploration", "scenario", "contender", "schedules", "violated")
STEP_HEADER: Final = ("step", "what happens", "what it changes")
MEMORY_HEADER: Final = ("memory", "pages", "MiB")
ITSELF: Final = "goes on by itself"


def exploration_rows(found: Sequence[StoredExploration]) -> list[Row]:
    """Return a row an exploration, newest first."""
    return [
        Row(
            (
                Cell(each.id),
                Cell(each.scenario),
                Cell(each.contender),
                Cell("all" if each.exhausted else "part", tip=f"{each.states} states were seen"),
                Cell(", ".join(each.violated) or "nothing", kind="fault" if each.violated else ""),
            ),
            each.id,
        )
        for each in found
    ]


def step_rows(views: Sequence[StepView], *, single: bool) -> list[Row]:
    """Return a row a step: each, or those at whose end somebody begins or ceases to wait."""
    rows: list[Row] = []
    before = views[0]
    for view in views:
        if not (single or turn_ends(views, view.number)):
            continue
        changes = "; ".join([*_waits_that_begin(before, view), *memory_changes(before, view)])
        lost = view.beyond_return
        first = lost and not before.beyond_return
        title = f"no return: {view.title}" if first else view.title
        kind = "fault" if lost else ""
        cells = (
            Cell(str(view.number), view.number, right=True, kind=kind),
            Cell(title, kind=kind, tip=f"{title}; nothing can save it any more" if lost else title),
            Cell(changes, tip=changes.replace("; ", "\n")),
        )
        rows.append(Row(cells, view.number))
        before = view
    return rows


def _waits_that_begin(before: StepView, view: StepView) -> list[str]:
    known = {(task, what) for task, what, _ in before.waits}
    return [f"{task} waits for {what}" for task, what, _ in view.waits if (task, what) not in known]


def graph_of(view: StepView) -> WaitGraph:
    """Return the wait-for graph after a step: whoever waits, for what, and who could bring it."""
    places: dict[tuple[str, bool], int] = {}
    nodes: list[GraphNode] = []
    edges: list[tuple[int, int]] = []
    waiting = {task for task, _, _ in view.waits}

    def place(label: str, *, is_task: bool) -> int:
        known = places.get((label, is_task))
        if known is None:
            live = label == ITSELF or (is_task and label not in waiting)
            known = places[label, is_task] = len(nodes)
            nodes.append(GraphNode(label, is_task, live))
        return known

    for task, what, releasers in view.waits:
        resource = place(what, is_task=False)
        edges.append((place(task, is_task=True), resource))
        edges += [(resource, place(each, is_task=each != ITSELF)) for each in releasers]
    return WaitGraph(0, tuple(nodes), tuple(dict.fromkeys(edges)))


def task_text(view: StepView, name: str) -> str:
    """Return a task's state and stack after a step, as the kernel prints them."""
    task = next((each for each in view.tasks if each.name == name), None)
    if task is None:
        return "Click a task in the graph to see its stack."
    lines = [f"{task.name:<16} {task.state}"]
    if task.waits_for:
        lines.append(f"waits for {task.waits_for}")
    return "\n".join([*lines, "", "Call Trace:", *(f" {function}" for function in task.stack)])


def memory_rows(view: StepView) -> list[Row]:
    """Return a row for each count of pages after a step."""
    return [
        Row(
            (
                Cell(name),
                Cell(f"{pages:,}", pages, right=True),
                Cell(f"{pages * PAGE_SIZE / MIB:,.3f}", pages, right=True),
            ),
            name,
        )
        for name, pages in view.memory.items()
    ]
