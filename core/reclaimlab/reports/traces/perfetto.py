"""A run as JSON that Perfetto opens, and several runs on one time axis as a zip of them.

Source: the Chrome trace event format, as Perfetto's JSON importer reads it. Thread states (``T``)
are drawn from its version 54 on; older ones show the slices, which say the same.
"""

from __future__ import annotations

import json
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from reclaimlab.measure.timeline import TaskState

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reclaimlab.measure.timeline import Span, Timeline, TimelineTask

_PROCESS: Final = 1  # all tasks are threads of one process: the simulated machine
_STATES: Final = {
    TaskState.RUNNING: "Running",
    TaskState.SLEEPING: "S",
    TaskState.UNINTERRUPTIBLE: "D",
    TaskState.KILLABLE: "D",
}
_NEVER: Final = (1980, 1, 1, 0, 0, 0)  # the date of all members: the same run, the same bytes

Plain = dict[str, Any]


def perfetto_file(timelines: Sequence[Timeline]) -> bytes:
    """Return one run as JSON, several as a zip that Perfetto merges on one timeline."""
    if len(timelines) == 1:
        return perfetto_json(timelines[0])
    files = [(f"{place}.json", timeline) for place, timeline in enumerate(timelines, start=1)]
    manifest = {
        "perfetto_manifest": {
            "version": 1,
            "files": [
                {"path": path, "machine": {"name": _title(timeline)}} for path, timeline in files
            ],
        }
    }
    output = BytesIO()
    with ZipFile(output, "w", ZIP_DEFLATED) as archive:
        _add(archive, "perfetto_manifest.json", json.dumps(manifest, indent=1).encode())
        for path, timeline in files:
            _add(archive, path, perfetto_json(timeline))
    return output.getvalue()


def _add(archive: ZipFile, path: str, data: bytes) -> None:
    info = ZipInfo(path, _NEVER)
    info.compress_type, info.create_system = ZIP_DEFLATED, 3
    archive.writestr(info, data)


def perfetto_json(timeline: Timeline) -> bytes:
    """Return one run as JSON."""
    plain = {"displayTimeUnit": "ns", "traceEvents": list(_events(timeline))}
    return json.dumps(plain, separators=(",", ":")).encode()


def _title(timeline: Timeline) -> str:
    return f"{timeline.scenario}, {timeline.contender}, seed {timeline.seed}"


def _events(timeline: Timeline) -> Iterator[Plain]:
    yield {"ph": "M", "name": "process_name", "pid": _PROCESS, "args": {"name": _title(timeline)}}
    for place, task in enumerate(timeline.tasks):
        yield from _thread(place, task)
    yield from _arrows(timeline)
    yield from _counters(timeline)
    yield from _instants(timeline)


def _thread(place: int, task: TimelineTask) -> Iterator[Plain]:
    base = {"pid": _PROCESS, "tid": task.pid}
    yield base | {"ph": "M", "name": "thread_name", "args": {"name": task.label}}
    yield base | {"ph": "M", "name": "thread_sort_index", "args": {"sort_index": place}}
    for span in task.spans:
        if span.state is not TaskState.DEAD:
            timed = base | {"ts": span.begin_ns / 1000, "dur": (span.end_ns - span.begin_ns) / 1000}
            yield timed | {"ph": "T", "name": _STATES[span.state], "args": _state(place, span)}
            yield timed | {"ph": "X", "name": _doing(span), "cat": "state", "args": _why(span)}


def _state(place: int, span: Span) -> Plain:
    if span.state is TaskState.RUNNING:
        return {"cpu": place}
    blocked = {"blocked_function": span.stack[0]} if span.stack else {}
    return {"io_wait": int(_STATES[span.state] == "D")} | blocked


def _doing(span: Span) -> str:
    if span.state is TaskState.RUNNING:
        return "running"
    return f"{span.state}: {span.stack[0]}" if span.stack else str(span.state)


def _why(span: Span) -> Plain:
    return {"waits_for": span.waits_for, "stack": " < ".join(span.stack)} if span.waits_for else {}


def _arrows(timeline: Timeline) -> Iterator[Plain]:
    for number, (time_ns, woken, waker) in enumerate(timeline.wakes):
        if waker is not None:
            base = {"pid": _PROCESS, "ts": time_ns / 1000, "cat": "wake", "name": "wakes",
                    "id": number}  # fmt: skip
            yield base | {"ph": "s", "tid": timeline.tasks[waker].pid}
            yield base | {"ph": "f", "bp": "e", "tid": timeline.tasks[woken].pid}


def _counters(timeline: Timeline) -> Iterator[Plain]:
    for series in timeline.series:
        base = {"ph": "C", "pid": _PROCESS, "name": f"{series.name} ({series.unit})"}
        for time_ns, value in zip(series.times_ns, series.values, strict=True):
            yield base | {"ts": time_ns / 1000, "args": {series.unit: value}}


def _instants(timeline: Timeline) -> Iterator[Plain]:
    for event in timeline.events:
        yield {"ph": "i", "s": "t", "pid": _PROCESS, "tid": event.pid, "ts": event.time_ns / 1000,
               "cat": "kernel", "name": event.name, "args": dict(event.arguments)}  # fmt: skip
    if timeline.closing_ns is not None:
        yield _mark(timeline.closing_ns, "the set of waiting tasks closed")
    if timeline.incident is not None:
        yield _mark(timeline.incident.time_ns, f"incident: {timeline.incident.verdict}")


def _mark(time_ns: int, name: str) -> Plain:
    return {"ph": "i", "s": "g", "pid": _PROCESS, "ts": time_ns / 1000, "name": name}
