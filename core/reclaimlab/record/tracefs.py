"""Two trace instances of our own: what the kernel does, and the write() calls of the command.

Other users of tracing are not disturbed, for nothing outside the instances is written; and removing
the instances puts every event back to what it was.
"""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from reclaimlab.errors import RecordingError
from reclaimlab.record.machine import text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MOST_BYTES: Final = 512 << 20
"""After so much text a trace is stopped: ten minutes of a busy disk."""
_BUFFER_KB: Final = "8192"

KERNEL_EVENTS: Final = (
    "vmscan/mm_vmscan_memcg_reclaim_begin",
    "vmscan/mm_vmscan_memcg_reclaim_end",
    "vmscan/mm_vmscan_lru_shrink_inactive",
    "vmscan/mm_vmscan_throttled",
    "writeback/balance_dirty_pages",
    "writeback/writeback_start",
    "writeback/writeback_written",
    "writeback/writeback_single_inode",
    "block/block_rq_issue",
    "block/block_rq_complete",
)
"""Older kernels lack some of them; those are left out."""
CALL_EVENTS: Final = tuple(
    f"syscalls/sys_{side}_{call}"
    for call in ("write", "pwrite64", "writev", "pwritev", "pwritev2")
    for side in ("enter", "exit")
)


def mounted(root: Path = Path("/")) -> Path:
    """Return where tracefs is.

    Raises:
        RecordingError: it is not mounted.
    """
    for line in text(root / "proc/mounts").splitlines():
        _, place, kind, *_ = line.split()
        if kind == "tracefs":
            return root / place.lstrip("/")
    msg = (
        "record: tracefs is not mounted; mount -t tracefs nodev /sys/kernel/tracing mounts it, "
        "and --no-trace records without latencies and trace"
    )
    raise RecordingError(msg)


class Instances:
    """Trace instances that exist while this is entered; ``guard.py`` removes them."""

    def __init__(self, tracefs: Path) -> None:
        base = tracefs / "instances" / f"reclaimlab-{os.getpid()}"
        self.kernel = base.with_name(f"{base.name}-kernel")
        self.calls = base.with_name(f"{base.name}-calls")
        self._guard: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        folders = [str(self.kernel), str(self.calls)]
        # Before the first switch; in a session of its own, which Ctrl-C does not reach.
        self._guard = subprocess.Popen(
            [sys.executable, "-P", "-m", "reclaimlab.record.guard", *folders],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            for folder in (self.kernel, self.calls):
                folder.mkdir()
                _write(folder / "trace_clock", "mono")
                _write(folder / "buffer_size_kb", _BUFFER_KB)
        except OSError as error:
            self.__exit__()
            msg = f"record: {error.filename}: {error.strerror}; --no-trace records without it"
            raise RecordingError(msg) from None
        return self

    def __exit__(self, *_: object) -> None:
        if self._guard is not None:
            assert self._guard.stdin is not None
            self._guard.stdin.close()
            if self._guard.wait():
                left = f"{self.kernel} or {self.calls}"
                msg = f"record: {left} could not be removed; rmdir it to stop its tracing"
                raise RecordingError(msg)

    def start(self, leader: int) -> None:
        """Trace the kernel, and the write()s of process ``leader`` and of its children."""
        _write(self.calls / "options/event-fork", "1")
        _write(self.calls / "set_event_pid", str(leader))
        _enable(self.calls, CALL_EVENTS)
        _enable(self.kernel, KERNEL_EVENTS)

    def stop(self) -> None:
        """Trace no more; what is in the buffers can still be read."""
        for folder in (self.kernel, self.calls):
            _write(folder / "tracing_on", "0")


def _write(path: Path, value: str) -> None:
    with path.open("w", encoding="ascii") as file:
        file.write(value)


def _enable(instance: Path, events: Iterable[str]) -> None:
    for event in events:
        switch = instance / "events" / event / "enable"
        if switch.exists():
            _write(switch, "1")


class Pipe(threading.Thread):
    """Reads an instance's trace while it grows and hands on its lines, some thousands at a time."""

    def __init__(self, instance: Path, take: Callable[[bytes], object]) -> None:
        super().__init__(name=f"read {instance.name}", daemon=True)
        self._instance, self._take = instance, take
        self._done = threading.Event()
        self.bytes = 0
        self.full = False

    def run(self) -> None:
        """Read until told that nothing more comes; then what is left."""
        fd = os.open(self._instance / "trace_pipe", os.O_RDONLY | os.O_NONBLOCK)
        rest = b""
        try:
            while True:
                last = self._done.is_set()  # asked before reading: then nothing can come after
                try:
                    chunk = os.read(fd, 1 << 16)
                except BlockingIOError:
                    if last:
                        break
                    self._done.wait(0.02)
                    continue
                lines, newline, rest = (rest + chunk).rpartition(b"\n")
                self._hand_on(lines + newline)
        finally:
            os.close(fd)

    def finish(self) -> None:
        """Read what is left and end; tracing must be off."""
        self._done.set()
        self.join()

    def _hand_on(self, lines: bytes) -> None:
        if self.bytes < MOST_BYTES:
            self.bytes += len(lines)
            self._take(lines)
        elif not self.full:
            self.full = True
            _write(self._instance / "tracing_on", "0")


def trace_file(path: Path) -> gzip.GzipFile:
    """Open the packed text of a trace; level 1, for the command runs on the same processors."""
    return gzip.open(path, "wb", compresslevel=1)
