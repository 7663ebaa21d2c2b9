"""A recording: what one run on a real machine measured, read from its folder.

Of the files of a folder only ``meta.toml`` and ``samples.csv`` must be there. The larger ones are
read when they are first asked for.
"""

from __future__ import annotations

import csv
import math
import tomllib
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from reclaimlab.errors import RecordingError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

FILES: Final = ("meta.toml", "samples.csv", "latency.csv", "stacks.txt")
TRACES: Final = ("trace.txt.gz", "trace.txt")
_NEEDED: Final[dict[str, tuple[type, ...]]] = {
    "run": (str,),
    "fs": (str,),
    "kernel": (str,),
    "cgroup": (str,),
    "workload": (str,),
    "bw_MBps": (int, float),
    "secs": (int, float),
}


@dataclass(frozen=True, slots=True)
class Latency:
    """One timed call of a task: a write(), a read(), or a small file."""

    task: int
    role: str
    start_s: float
    seconds: float


@dataclass(frozen=True, slots=True)
class StackCount:
    """How often a stack of a task was seen."""

    task: int
    count: int
    state: str
    """``R`` running, ``S`` sleeping, ``D`` uninterruptible."""
    functions: tuple[str, ...]
    """Innermost first; empty for a task on a processor."""


@dataclass(frozen=True)
class Recording:
    """The folder of one recorded run. Without slots, for what is read late is kept in it."""

    folder: Path
    meta: Mapping[str, Any]

    @classmethod
    def read(cls, folder: Path) -> Recording:
        """Return the recording in ``folder``, of which only ``meta.toml`` is read yet.

        Raises:
            RecordingError: the folder or its ``meta.toml`` is no recording.
        """
        path = folder / "meta.toml"
        if not path.is_file():
            names = ", ".join(FILES)
            msg = f"{folder}: has no meta.toml; the folder of a recorded run holds {names}"
            raise RecordingError(msg)
        try:
            meta = tomllib.loads(_text(path))
        except ValueError as error:
            msg = f"{path}: is not TOML: {error}"
            raise RecordingError(msg) from None
        for key, types in _NEEDED.items():
            if not isinstance(meta.get(key), types):
                msg = f"{path}: {key} is missing or is not {types[-1].__name__}"
                raise RecordingError(msg)
        return cls(folder, meta)

    @property
    def name(self) -> str:
        """Name of the run."""
        return str(self.meta["run"])

    @cached_property
    def series(self) -> Mapping[str, tuple[float, ...]]:
        """Column of ``samples.csv`` -> its values in its own unit; NaN for an empty cell."""
        path = self.folder / "samples.csv"
        header, *rows = _rows(path)
        if header[0] != "t_s" or not rows:
            msg = f"{path}: line 1 begins with {header[0]!r}; samples begin with t_s, then rows"
            raise RecordingError(msg)
        values = [_floats(path, line, row, len(header)) for line, row in enumerate(rows, 2)]
        return dict(zip(header, zip(*values, strict=True), strict=True))

    @cached_property
    def latencies(self) -> tuple[Latency, ...]:
        """The timed calls, thinned, but with every one over 50 ms; none without the file."""
        path = self.folder / "latency.csv"
        if not path.exists():
            return ()
        header, *rows = _rows(path)
        if header != ["task", "role", "t_s", "latency_ms"]:
            msg = f"{path}: line 1 is {','.join(header)!r}; expected task,role,t_s,latency_ms"
            raise RecordingError(msg)
        return tuple(_latency(path, line, row) for line, row in enumerate(rows, 2))

    @cached_property
    def stacks(self) -> tuple[StackCount, ...]:
        """The sampled stacks of all tasks; none without the file."""
        path = self.folder / "stacks.txt"
        return tuple(_stacks(path)) if path.exists() else ()

    def number(self, key: str) -> float | None:
        """Return a number of the meta data, some of which are in quotes; None if there is none."""
        value = self.meta.get(key)
        try:
            return float(value) if isinstance(value, (int, float, str)) else None
        except ValueError:
            return None

    def check(self) -> None:
        """Read every file.

        Raises:
            RecordingError: one of them is missing, foreign or cut short.
        """
        _ = (self.series, self.latencies, self.stacks)

    def rate(self, column: str) -> tuple[float, ...]:
        """Return the growth of a counter of ``samples.csv`` per second, one value a sample."""
        values, times = self.series[column], self.series["t_s"]
        steps = zip(pairwise(values), pairwise(times), strict=True)
        return tuple((b - a) / (t - s) if t > s else 0.0 for (a, b), (s, t) in steps)


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        msg = f"{path}: {error.strerror}"
        raise RecordingError(msg) from None
    if not content.strip():
        msg = f"{path}: is empty"
        raise RecordingError(msg)
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        msg = f"{path}: is binary; a recording is text"
        raise RecordingError(msg)
    return text


def _rows(path: Path) -> list[list[str]]:
    try:
        return [row for row in csv.reader(_text(path).splitlines(), strict=True) if row]
    except csv.Error as error:
        msg = f"{path}: is not a table of comma-separated values: {error}"
        raise RecordingError(msg) from None


def _floats(path: Path, line: int, row: list[str], width: int) -> list[float]:
    try:
        values = [float(cell) if cell else math.nan for cell in row]
    except ValueError as error:
        msg = f"{path}: line {line}: {error}"
        raise RecordingError(msg) from None
    if len(values) != width:
        msg = f"{path}: line {line} has {len(values)} values of {width}; it is cut short"
        raise RecordingError(msg)
    return values


def _latency(path: Path, line: int, row: list[str]) -> Latency:
    try:
        task, role, start, ms = row
        return Latency(int(task), role, float(start), float(ms) / 1e3)
    except ValueError:
        msg = f"{path}: line {line} is {','.join(row)!r}; expected task,role,t_s,latency_ms"
        raise RecordingError(msg) from None


def _stacks(path: Path) -> Iterator[StackCount]:
    task = 0
    for line, text in enumerate(_text(path).splitlines(), 1):
        try:
            if text.startswith("# task "):
                task = int(text.split()[2])
            elif text.strip():
                count, state, chain = text.split("\t")
                names = () if chain.startswith("(") else tuple(chain.split(" < "))
                yield StackCount(task, int(count), state, names)
        except ValueError:
            msg = f"{path}: line {line} is {text[:60]!r}; expected count, state and stack"
            raise RecordingError(msg) from None
