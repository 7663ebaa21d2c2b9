"""What an ftrace text of reclaim, writeback and block events adds up to, read line by line."""

from __future__ import annotations

import gzip
import re
import zlib
from collections import Counter
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Final

from reclaimlab.errors import RecordingError

if TYPE_CHECKING:
    import io
    from collections.abc import Callable, Iterator
    from pathlib import Path

_EVENT: Final = re.compile(
    r"\s*(\S.*)-\d+ +(?:\([^)]*\) +)?(?:\[\d+\] +(?:\S+ +)?|\d+\S+ +)(\d+\.\d+): (\w+): *(.*)"
)
"""A line of the kernel's text, or of `trace-cmd report`, whose ``-l`` joins processor and flags."""
_ISSUE: Final = re.compile(r"(\d+,\d+) ([A-Z]+) (\d+) \(")
_COMPLETE: Final = re.compile(r"(\d+,\d+) ([A-Z]+) \(.*?\) \d+ \+ (\d+)")
_LOST: Final = re.compile(r"CPU:\d+ \[LOST (\d+) EVENTS\]")
_SECTOR: Final = 512
_LONGEST_LINE: Final = 1 << 16
_PATIENCE: Final = 1000
"""Lines without an event after which a text is taken for something else."""


@dataclass(slots=True)
class Device:
    """The write requests of one block device; in flight from issue to completion."""

    sizes: Counter[int] = field(default_factory=Counter)
    """Bytes of a request -> how many there were."""
    in_flight: int = 0
    most_in_flight: int = 0
    completed: int = 0
    """Bytes written."""
    busy_s: float = 0.0
    """Time with at least one request in flight."""
    since: float = 0.0

    def issued(self, time: float, size: int) -> None:
        """Count a request that went to the device."""
        if self.in_flight == 0:
            self.since = time
        self.sizes[size] += 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)

    def done(self, time: float, size: int) -> None:
        """Count a finished request, unless it was issued before the trace began."""
        if self.in_flight:
            self.in_flight -= 1
            self.completed += size
            self.busy_s += time - self.since
            self.since = time

    @property
    def median_size(self) -> int:
        """Size of the middle request, in bytes."""
        return int(median(self.sizes.elements())) if self.sizes else 0


@dataclass(slots=True)
class Trace:
    """What the events of one trace add up to."""

    first_s: float = 0.0
    last_s: float = 0.0
    events: Counter[str] = field(default_factory=Counter)
    reclaimers: Counter[str] = field(default_factory=Counter)
    """Command -> memcg reclaims it did."""
    throttled: Counter[str] = field(default_factory=Counter)
    """Command -> times it slept in reclaim or in balance_dirty_pages."""
    scanned: int = 0
    reclaimed: int = 0
    sleeps: Counter[str] = field(default_factory=Counter)
    """Reason of reclaim_throttle() -> sleeps."""
    slept_s: float = 0.0
    """Time in all of those sleeps."""
    gfp: Counter[str] = field(default_factory=Counter)
    """Mask of a memcg reclaim -> how often."""
    devices: dict[str, Device] = field(default_factory=dict)
    works: Counter[str] = field(default_factory=Counter)
    """Function of a work item -> executions."""
    dirty_limit: int = 0
    """Highest hard limit that balance_dirty_pages saw, in pages."""
    cgroups: set[str] = field(default_factory=set)
    old_names: bool = False
    """Dirty limits carry the names of before 6.2: bdi_setpoint, not wb_setpoint."""
    lost: int = 0

    @property
    def seconds(self) -> float:
        """Time from the first event to the last."""
        return self.last_s - self.first_s

    @property
    def busiest(self) -> Device:
        """The device with the most bytes written."""
        return max(self.devices.values(), key=lambda device: device.completed, default=Device())


def read_trace(path: Path) -> Trace:
    """Return what the events of an ftrace text add up to; ``.gz`` or plain.

    Raises:
        RecordingError: the file is empty, cut short, binary, or another kind of text.
    """
    trace = Trace()
    number, line = 0, "\n"
    for number, line in enumerate(_lines(path), 1):
        match = _EVENT.match(line)
        if match is None:
            _other(path, trace, number, line)
        else:
            try:
                _count(trace, *match.groups())
            except ValueError as error:
                msg = f"{path}: line {number}: {error}"
                raise RecordingError(msg) from None
    if trace.events and not line.endswith("\n"):
        msg = f"{path}: is cut short in line {number}; cut it at the end of a line"
        raise RecordingError(msg)
    if not trace.events:
        msg = f"{path}: has no event; it is empty" if not number else f"{path}: has no ftrace event"
        raise RecordingError(msg)
    return trace


def _lines(path: Path) -> Iterator[str]:
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
        file: io.BufferedIOBase
        with gzip.open(path, "rb") if packed else path.open("rb") as file:
            while line := file.readline(_LONGEST_LINE):
                yield line.decode()
    except UnicodeDecodeError:
        msg = f"{path}: is binary; give the text of it (trace-cmd report, or the file `trace`)"
        raise RecordingError(msg) from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        msg = f"{path}: the .gz is damaged or cut short: {error}"
        raise RecordingError(msg) from None
    except OSError as error:
        msg = f"{path}: {error.strerror}"
        raise RecordingError(msg) from None


def _other(path: Path, trace: Trace, number: int, line: str) -> None:
    if lost := _LOST.match(line):
        trace.lost += int(lost.group(1))
    elif "\0" in line:
        msg = f"{path}: is binary; give the text of it (trace-cmd report, or the file `trace`)"
        raise RecordingError(msg)
    elif number > _PATIENCE and not trace.events:
        msg = f"{path}: is no ftrace text: no event in its first {_PATIENCE} lines"
        raise RecordingError(msg)


def _count(trace: Trace, task: str, time: str, event: str, rest: str) -> None:
    trace.last_s = float(time)
    if not trace.events:
        trace.first_s = trace.last_s
    trace.events[event] += 1
    if handler := _HANDLERS.get(event):
        handler(trace, task, rest)


def _fields(rest: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in rest.split() if "=" in part)


def _on_issue(trace: Trace, _: str, rest: str) -> None:
    match = _ISSUE.match(rest)
    if match and "W" in match[2]:
        trace.devices.setdefault(match[1], Device()).issued(trace.last_s, int(match[3]))


def _on_complete(trace: Trace, _: str, rest: str) -> None:
    match = _COMPLETE.match(rest)
    if match and "W" in match[2]:
        device = trace.devices.setdefault(match[1], Device())
        device.done(trace.last_s, int(match[3]) * _SECTOR)


def _on_reclaim(trace: Trace, task: str, rest: str) -> None:
    trace.reclaimers[task] += 1
    trace.gfp[_fields(rest).get("gfp_flags", "")] += 1


def _on_shrink(trace: Trace, _: str, rest: str) -> None:
    fields = _fields(rest)
    trace.scanned += int(fields.get("nr_scanned", 0))
    trace.reclaimed += int(fields.get("nr_reclaimed", 0))


def _on_throttled(trace: Trace, task: str, rest: str) -> None:
    fields = _fields(rest)
    trace.throttled[task] += 1
    trace.sleeps[fields.get("reason", "").removeprefix("VMSCAN_THROTTLE_")] += 1
    # usect_delayed: the name has this misprint in every kernel.
    trace.slept_s += int(fields.get("usect_delayed", 0)) / 1e6


def _on_balance(trace: Trace, task: str, rest: str) -> None:
    fields = _fields(rest)
    trace.throttled[task] += 1
    trace.dirty_limit = max(trace.dirty_limit, int(fields.get("limit", 0)))
    trace.cgroups.add(fields.get("cgroup_ino", "1"))
    trace.old_names |= "bdi_setpoint" in fields


def _on_work(trace: Trace, _: str, rest: str) -> None:
    trace.works[rest.rpartition("function ")[2]] += 1


_HANDLERS: Final[dict[str, Callable[[Trace, str, str], None]]] = {
    "block_rq_issue": _on_issue,
    "block_rq_complete": _on_complete,
    "mm_vmscan_memcg_reclaim_begin": _on_reclaim,
    "mm_vmscan_lru_shrink_inactive": _on_shrink,
    "mm_vmscan_throttled": _on_throttled,
    "balance_dirty_pages": _on_balance,
    "workqueue_execute_start": _on_work,
}
