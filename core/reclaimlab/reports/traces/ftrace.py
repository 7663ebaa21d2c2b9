"""A run as the text of ftrace, which trace-vmscan-postprocess.pl and Perfetto read.

The kernel's script takes a task's name up to the first character that is not a letter, a digit or
a minus, and reads the digits after the point as microseconds.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from reclaimlab.reports.traces.stream import IDLE, events
from reclaimlab.reports.traces.tracepoints import KERNEL_VERSION

if TYPE_CHECKING:
    from reclaimlab.measure.timeline import Timeline
    from reclaimlab.reports.traces.stream import Event

_HEAD: Final = f"# tracer: nop\n# simulated; vmscan and sched as in Linux {KERNEL_VERSION}\n"


def ftrace_text(timeline: Timeline) -> str:
    """Return the run as text, one event a line."""
    return "".join([_HEAD, *map(_line, events(timeline))])


def _line(event: Event) -> str:
    comm = event.comm if event.comm == IDLE else re.sub(r"[^A-Za-z0-9-]", "-", event.comm)
    seconds, rest_ns = divmod(event.time_ns, 10**9)
    stamp = f"{seconds}.{rest_ns // 1000:06d}"
    details = event.tracepoint.text(event.values)
    return (
        f"{comm:>16}-{event.pid:<5} [{event.cpu:03d}] .... {stamp:>12}: "
        f"{event.tracepoint.name}: {details}\n"
    )
