"""Hung-task reports and sysrq dumps of a kernel log, as tasks and their stacks."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from reclaimlab.errors import RecordingError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_PREFIX: Final = re.compile(
    r"(?:<\d+>)?(?:.*?\bkernel: ?)?(?:\[[^]<>]*\d:?\d[^]<>]*\] ?)?(?:\[ *[TC]\d+\] ?)?\s*"
)
"""What syslog, the journal and printk put before a line: host, time, caller."""
_BLOCKED: Final = re.compile(
    r"INFO: task (.{1,64}):(\d+) (?:blocked|blocked in I/O wait) for more than (\d+) seconds"
)
_OLD_HEADER: Final = re.compile(
    r"(\S.{0,14}?)\s+([A-Z])\s+(?:[0-9a-f]{8,16}\s+|running task\s+)?"
    r"\d+\s+(\d+)\s+\d+\s+0x[0-9a-f]+"
)
_NEW_HEADER: Final = re.compile(r"task:(.{1,64}?)\s+state:([A-Z])\s.{0,64}?\bpid: *(\d+)\s")
_FRAME: Final = re.compile(
    r"(?:\[<[0-9a-f]+>\]\s*)?(\?\s+)?(?:([A-Za-z_]\w*)[\w.$]*\+0x[0-9a-f]+/0x[0-9a-f]+|0x[0-9a-f]+)"
    r"(?:\s+\[[^]]+\])*$"
)
_TORN: Final = re.compile(r"\[<|(?:\? )?[\w.]+(?:\+[0-9a-fx/]*)?$")
"""What may be the beginning of a frame, in a last line without an end."""
_KERNEL: Final = re.compile(r"(?:Not tainted|Tainted: [A-Z ]{1,40}?) +(\d\S*)")
_FOREIGN: Final = re.compile(
    r"WARNING: CPU|BUG: |Mem-Info|.* invoked oom-killer|-+\[ cut here|NMI |</TASK>"
)
"""Ends a stack: what follows is of another report."""
_LONGEST_LINE: Final = 4096

UNKNOWN: Final = "?"
"""The name of a frame whose address has no symbol."""


@dataclass(slots=True)
class HungTask:
    """A task in uninterruptible sleep, and the functions it sleeps in."""

    name: str
    pid: int
    blocked_s: int = 0
    """Seconds without progress as last reported; 0 in a sysrq dump, which does not tell."""
    reports: int = 0
    stack: list[str] = field(default_factory=list)
    """Functions, innermost first; without those that the kernel itself marks as doubtful."""
    doubtful: int = 0
    """Frames with a question mark: remains of older calls."""

    def __str__(self) -> str:
        return f"{self.name}:{self.pid}"


@dataclass(slots=True)
class HungReport:
    """The hung tasks of a kernel log, in the order of their first report."""

    tasks: list[HungTask]
    kernel: str = ""
    """Release of the kernel; empty if the log does not tell."""


def read_hungtask(paths: Sequence[Path]) -> HungReport:
    """Return the hung tasks of the logs ``paths``; of a task seen twice, the later stack.

    Raises:
        RecordingError: a file cannot be read, is binary or cut short, or no hung task is in any.
    """
    parser = _Parser()
    for path in paths:
        parser.read(path)
    names = ", ".join(map(str, paths))
    if not parser.tasks:
        msg = f"{names}: no hung task in it: no line 'INFO: task NAME:PID blocked for more than'"
        raise RecordingError(f"{msg}, and no task in state D of sysrq-w or sysrq-t")
    tasks = list(parser.tasks.values())
    if not any(task.stack for task in tasks):
        msg = f"{names}: no stack with symbols in it, of {len(tasks)} hung tasks"
        raise RecordingError(f"{msg}; give the lines after 'Call Trace:' too")
    return HungReport(tasks, parser.kernel)


class _Parser:
    def __init__(self) -> None:
        self.tasks: dict[tuple[str, int], HungTask] = {}
        self.kernel = ""
        self._task: HungTask | None = None
        self._fresh = False
        """The stack of the task has not begun; what is there is of its last report."""

    def read(self, path: Path) -> None:
        rows, torn = 0, False
        for line in _lines(path):
            rows += 1
            text = _PREFIX.sub("", line, count=1).rstrip()
            is_frame = self._line(text)
            torn = not (is_frame or line.endswith("\n")) and bool(_TORN.match(text))
        if not rows:
            msg = f"{path}: is empty; give the output of dmesg"
            raise RecordingError(msg)
        if self._task and (self._fresh or torn):
            msg = f"{path}: is cut short in line {rows}, inside the report on {self._task}"
            raise RecordingError(f"{msg}; cut it after a whole stack")
        self._task = None

    def _line(self, text: str) -> bool:
        """Take one line; return whether it is a frame of a task."""
        if match := _BLOCKED.match(text):
            self._begin(match[1], int(match[2]), int(match[3]))
        elif match := _OLD_HEADER.match(text) or _NEW_HEADER.match(text):
            self._header(match[1], match[2], int(match[3]))
        elif self._task is None:
            return False
        elif match := _FRAME.match(text):
            self._frame(self._task, match[2] or UNKNOWN, doubtful=bool(match[1]))
            return True
        elif _FOREIGN.match(text) or (text.startswith("Call Trace:") and not self._fresh):
            self._task = None
        elif match := _KERNEL.search(text):
            self.kernel = match[1]
        return False

    def _begin(self, name: str, pid: int, blocked_s: int) -> None:
        self._task = self.tasks.setdefault((name, pid), HungTask(name, pid))
        self._task.blocked_s = max(blocked_s, self._task.blocked_s)
        self._task.reports += 1
        self._fresh = True

    def _header(self, name: str, state: str, pid: int) -> None:
        if self._task and self._task.pid == pid and self._fresh:
            return  # the second line about the task that INFO has named
        self._task = None
        if state == "D":
            self._begin(name, pid, 0)

    def _frame(self, task: HungTask, symbol: str, *, doubtful: bool) -> None:
        if self._fresh:
            task.stack, task.doubtful, self._fresh = [], 0, False
        if doubtful:
            task.doubtful += 1
        else:
            task.stack.append(symbol)


def _lines(path: Path) -> Iterator[str]:
    """Yield lines of printable text; of a very long one only the beginning."""
    begun = False
    try:
        with path.open("rb") as file:
            while line := file.readline(_LONGEST_LINE):
                if b"\0" in line or line.startswith(b"\x1f\x8b"):
                    msg = f"{path}: is binary; give the text that dmesg prints"
                    raise RecordingError(msg)
                if not begun:
                    yield _printable(line)
                begun = not line.endswith(b"\n") and len(line) == _LONGEST_LINE
    except OSError as error:
        msg = f"{path}: cannot be read: {error.strerror}"
        raise RecordingError(msg) from None


def _printable(line: bytes) -> str:
    # A task may be called anything; what is shown and written must not steer a terminal.
    text = line.decode(errors="replace")
    clean = "".join(each if each.isprintable() else " " for each in text.rstrip("\r\n"))
    return clean + ("\n" if text.endswith("\n") else "")
