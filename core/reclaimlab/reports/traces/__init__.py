"""One run as the trace files that other tools open: Perfetto, ftrace text, trace.dat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reclaimlab.reports.traces.ftrace import ftrace_text
from reclaimlab.reports.traces.perfetto import perfetto_file
from reclaimlab.reports.traces.tracedat import tracedat_file

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reclaimlab.measure.timeline import Timeline

TRACES: Final[dict[str, Callable[[Sequence[Timeline]], bytes]]] = {
    "perfetto": perfetto_file,
    "ftrace": lambda timelines: ftrace_text(timelines[0]).encode(),
    "tracedat": lambda timelines: tracedat_file(timelines[0]),
}


def trace_file(timelines: Sequence[Timeline], name: str) -> bytes:
    """Return one run, or for Perfetto several, in the trace format called ``name``."""
    return TRACES[name](timelines)
