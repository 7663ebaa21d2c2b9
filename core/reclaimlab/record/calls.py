"""The write() calls of the command, timed by the trace of their entries and exits."""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass, field
from typing import Final

_CALL: Final = re.compile(
    rb".*?-(\d+) +(?:\([^)]*\) +)?\[\d+\] +\S+ +(\d+\.\d+): "
    rb"sys_(?:p?write(?:64|v2?|)|writev)(?:(\()|\s*-> (0x[0-9a-f]+))"
)
_LEAST_BYTES: Final = 512
"""Shorter ones are messages and pipes, not data."""
_KEPT: Final = 4000
"""Rows of ``latency.csv``, besides every call over 50 ms."""
_LONG_S: Final = 0.05


@dataclass(slots=True)
class Calls:
    """The data write()s of one thread."""

    starts_s: array[float] = field(default_factory=lambda: array("d"))
    """On the clock of the trace, which is time.monotonic()'s."""
    seconds: array[float] = field(default_factory=lambda: array("d"))
    bytes: int = 0
    entered_s: float | None = None
    """When the call began that has not returned; ``None`` outside of calls."""

    @property
    def block_bytes(self) -> int:
        """Bytes of a call, on average."""
        return self.bytes // len(self.seconds) if self.seconds else 0

    def rows(self) -> list[tuple[float, float]]:
        """Return start and length of some thousand calls and of every long one, in order."""
        step = max(1, len(self.seconds) // _KEPT)
        timed = zip(self.starts_s, self.seconds, strict=True)
        return [call for place, call in enumerate(timed) if place % step == 0 or call[1] > _LONG_S]

    def percentile_s(self, share: float) -> float:
        """Return the length that ``share`` of the calls do not exceed; there must be calls."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class CallLog:
    """Thread -> its calls, from the lines of a trace of system calls."""

    def __init__(self) -> None:
        self.threads: dict[int, Calls] = {}

    def take(self, lines: bytes) -> None:
        """Count the calls in some lines of the trace."""
        for line in lines.splitlines():
            if match := _CALL.match(line):
                self._event(int(match[1]), float(match[2]), match[4])

    def _event(self, thread: int, time_s: float, result: bytes | None) -> None:
        calls = self.threads.setdefault(thread, Calls())
        if result is None:
            calls.entered_s = time_s
            return
        entered, calls.entered_s = calls.entered_s, None
        count = int(result, 16)
        # A negative error is shown as an unsigned number of 64 bits.
        if entered is not None and _LEAST_BYTES <= count < 1 << 63:
            calls.starts_s.append(entered)
            calls.seconds.append(time_s - entered)
            calls.bytes += count
