"""A timeline as the text that /sys/kernel/tracing/trace shows, for scripts that read that.

One line format that human readers, Perfetto and the kernel's own perl scripts accept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.reports.inert import inert

if TYPE_CHECKING:
    from reclaimlab.engine.trace import TraceEvent
    from reclaimlab.measure.timeline import Timeline


def ftrace_report(timeline: Timeline) -> str:
    """Return every event of the run in order of time; CPU numbers are not simulated and are 0."""
    facts = (
        "tracer: nop",
        f"reclaimlab: {timeline.scenario}, {timeline.contender}, seed {timeline.seed}",
        "TASK-PID CPU# flags TIMESTAMP (s): EVENT: FIELDS",
    )
    head = [f"# {inert(fact)}" for fact in facts]
    return "\n".join([*head, *map(_line, timeline.events)]) + "\n"


def _line(event: TraceEvent) -> str:
    # A blank in a name would end it for every reader of this format.
    comm = "_".join(inert(event.task).split())[:16] or "-"
    fields = " ".join(f"{name}={inert(str(value))}" for name, value in event.arguments)
    seconds, rest = divmod(event.time_ns, 10**9)
    time = f"{seconds}.{rest // 1000:06d}"
    return f"{comm:>16}-{event.pid:<5} [000] .... {time:>12}: {event.name}: {fields}".rstrip()
