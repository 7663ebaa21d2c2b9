"""What a run looks like at one moment: a task's stack as the kernel prints it, and the memory."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Final

from reclaimlab.measure.timeline import TaskState
from reclaimlab.units import MIB, PAGE_SIZE
from reclaimlab_gui.models.table import Cell, Row

if TYPE_CHECKING:
    from reclaimlab.measure.timeline import Timeline

_LETTERS: Final = {
    TaskState.RUNNING: "R",
    TaskState.SLEEPING: "S",
    TaskState.UNINTERRUPTIBLE: "D",
    TaskState.KILLABLE: "K",
    TaskState.DEAD: "X",
}


def stack_text(timeline: Timeline, label: str, time_ns: int) -> str:
    """Return the report of one task, as the hung-task detector writes it."""
    place = next((n for n, task in enumerate(timeline.tasks) if task.label == label), None)
    if place is None:
        return "Click a task, in the timeline or in the graph, to see its stack."
    span = timeline.span_at(place, time_ns)
    if span is None:
        return f"{label} has not started yet."
    task = timeline.tasks[place]
    since = (time_ns - span.begin_ns) / 1e9
    kind = "  kernel thread" if task.is_kthread else ""
    lines = [
        f"{task.name:<16} {_LETTERS[span.state]}  pid {task.pid}{kind}",
        f"{span.state} for {since:.6f} s, until {span.end_ns / 1e9:.6f} s",
    ]
    if span.waits_for:
        lines.append(f"waits for {span.waits_for}")
    if span.stack:
        lines += ["", "Call Trace:", *(f" {function}" for function in span.stack)]
    return "\n".join(lines)


def memory_rows(timeline: Timeline, time_ns: int) -> list[Row]:
    """Return a row for each count of pages, at the last sample before ``time_ns``."""
    rows = []
    for series in timeline.series:
        place = bisect_right(series.times_ns, time_ns) - 1
        if series.unit == "pages" and place >= 0:
            pages = series.values[place]
            mib = pages * PAGE_SIZE / MIB
            cells = Cell(f"{pages:,}", pages, right=True), Cell(f"{mib:,.1f}", mib, right=True)
            rows.append(Row((Cell(series.name), *cells), series.name))
    return rows
