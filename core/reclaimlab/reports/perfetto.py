"""Timelines in the JSON that ui.perfetto.dev opens: thread states, wake-ups and counters.

Several contenders stand on one time axis, each as a process of its own. The dialect is the Trace
Event Format, with the thread-state events ("T") that Perfetto reads since v54.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from reclaimlab.measure.timeline import TaskState
from reclaimlab.reports.inert import inert

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reclaimlab.measure.timeline import Span, Timeline, TimelineTask

_STATES: Final = {
    TaskState.RUNNING: "Running",
    TaskState.SLEEPING: "S",
    TaskState.UNINTERRUPTIBLE: "D",
    TaskState.KILLABLE: "D",
    TaskState.DEAD: "X",
}
_TIDS: Final = 1_000_000  # thread ids must differ between the contenders
Event = dict[str, Any]


def perfetto_report(timelines: Sequence[Timeline]) -> str:
    """Return the trace as JSON; times are microseconds since the start of the runs."""
    events = [event for place, each in enumerate(timelines, 1) for event in _events(place, each)]
    lines = ",\n".join(json.dumps(event, separators=(",", ":")) for event in events)
    return f'{{"displayTimeUnit":"ns","traceEvents":[\n{lines}\n]}}\n'


def _events(place: int, timeline: Timeline) -> Iterator[Event]:
    letter = chr(ord("A") + (place - 1) % 26)
    name = inert(f"{letter}: {timeline.contender}, seed {timeline.seed}: {timeline.verdict}")
    yield _meta(place, 0, "process_name", {"name": name})
    yield _meta(place, 0, "process_sort_index", {"sort_index": place})
    for order, task in enumerate(timeline.tasks):
        tid = _tid(place, task)
        yield _meta(place, tid, "thread_name", {"name": inert(task.label)})
        yield _meta(place, tid, "thread_sort_index", {"sort_index": order})
        for span in task.spans:
            yield from _span(place, tid, span)
    yield from _wakes(place, timeline)
    for series in timeline.series:
        counter = inert(f"{series.name} ({series.unit})")
        for time, value in zip(series.times_ns, series.values, strict=True):
            yield {"ph": "C", "pid": place, "ts": time / 1000, "name": counter,
                   "args": {"value": value}}  # fmt: skip
    if timeline.incident is not None:
        told = inert(f"{timeline.incident.verdict}: {timeline.incident.note}")
        yield {"ph": "i", "s": "p", "pid": place, "tid": place * _TIDS, "name": told,
               "ts": timeline.incident.time_ns / 1000}  # fmt: skip


def _meta(pid: int, tid: int, name: str, args: Event) -> Event:
    return {"ph": "M", "pid": pid, "tid": tid or pid * _TIDS, "name": name, "args": args}


def _tid(place: int, task: TimelineTask) -> int:
    return place * _TIDS + task.pid


def _span(place: int, tid: int, span: Span) -> Iterator[Event]:
    common: Event = {
        "pid": place, "tid": tid, "ts": span.begin_ns / 1000,
        "dur": (span.end_ns - span.begin_ns) / 1000,
    }  # fmt: skip
    args = {"blocked_function": inert(span.stack[0])} if span.stack else {}
    yield {"ph": "T", "name": _STATES[span.state], "args": args, **common}
    # Viewers that do not know "T" show the same as a slice.
    if span.waits_for:
        told = {"stack": [inert(each) for each in span.stack]}
        yield {"ph": "X", "cat": "wait", "name": inert(f"waits for {span.waits_for}"),
               "args": told, **common}  # fmt: skip


def _wakes(place: int, timeline: Timeline) -> Iterator[Event]:
    for number, wake in enumerate(timeline.wakes):
        if wake.waker is None:
            continue
        common = {"cat": "wake", "name": "wakes", "pid": place, "ts": wake.time_ns / 1000,
                  "id": place * 10**9 + number}  # fmt: skip
        yield {"ph": "s", "tid": _tid(place, timeline.tasks[wake.waker]), **common}
        yield {"ph": "f", "bp": "e", "tid": _tid(place, timeline.tasks[wake.woken]), **common}
