"""``import vmstat`` of plain files: ``vmstat 1``, snapshots of /proc/vmstat or of memory.stat."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from statistics import fmean
from typing import TYPE_CHECKING, Any, Final

from reclaimlab.errors import RecordingError
from reclaimlab.scenarios.fields import RATE, SIZE
from reclaimlab.scenarios.importers.assumed import MEMORY, assumed_draft, comment
from reclaimlab.scenarios.importers.lines import text_lines
from reclaimlab.units import KIB, MIB, PAGE_SIZE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from reclaimlab.scenarios.importers.draft import Draft

_PATIENCE: Final = 100
"""Lines without a sample after which a text is taken for something else."""
_PAIR: Final = re.compile(r"([a-z][\w.]*):?\s+(\d+)$")
_TIME: Final = re.compile(r"\D*(\d{1,12}(?:\.\d+)?)\D*$")
_COLUMNS: Final = ("r", "b", "swpd", "free", "buff", "cache", "si", "so", "bi", "bo")
_NO_LIMIT: Final = 1 << 60


@dataclass(slots=True)
class Samples:
    """Samples of one kind, one dict each, in the units of their source."""

    kind: str = ""
    """``vmstat``, ``/proc/vmstat`` or ``memory.stat``; empty before the first."""
    rows: list[dict[str, int]] = field(default_factory=list)
    times_s: list[float] = field(default_factory=list)
    """Time of each, if the file tells."""

    @property
    def seconds(self) -> float:
        """Time from the first sample to the last; one a second where nothing is told."""
        timed = len(self.times_s) == len(self.rows)
        told = self.times_s[-1] - self.times_s[0] if timed else 0.0
        return told if told > 0 else float(max(1, len(self.rows) - 1))

    def grown(self, name: str) -> float:
        """Return the growth of a counter per second."""
        first, last = self.rows[0].get(name, 0), self.rows[-1].get(name, 0)
        return max(0, last - first) / self.seconds

    def settled(self, name: str) -> float:
        """Return the mean of a level over the last two thirds."""
        return fmean(row.get(name, 0) for row in self.rows[len(self.rows) // 3 :])

    def most(self, name: str) -> int:
        """Return the highest level."""
        return max(row.get(name, 0) for row in self.rows)


def read_samples(paths: Sequence[Path]) -> Draft:
    """Return the scenario of plain samples; several files are one after another.

    Raises:
        RecordingError: a file is damaged, foreign, or of another kind than the first.
    """
    samples = Samples()
    for path in paths:
        _read(path, samples)
    if len(samples.rows) < 2:
        msg = f"{paths[-1]}: has {len(samples.rows)} sample of {samples.kind}; two are the least"
        raise RecordingError(msg)
    title = f"a machine seen by {samples.kind} for {samples.seconds:.1f} s"
    draft = assumed_draft(paths[0], "samples", samples.seconds, title)
    assumed = ["the filesystem", "one sequential writer", "the kernel"]
    _FILL[samples.kind](samples, draft.data, assumed)
    if samples.kind != "vmstat" and not samples.times_s:
        assumed.append("one sample a second")
    files = ", ".join(path.name for path in paths)
    draft.comment = comment(f"{len(samples.rows)} samples of {samples.kind} ({files})", assumed, [])
    return draft


def _read(path: Path, samples: Samples) -> None:
    before, number = len(samples.rows), 0
    fresh = True
    names: list[str] = []
    for number, line in text_lines(path):
        words = line.split()
        if tuple(words[:10]) == _COLUMNS:
            _be(samples, "vmstat", path)
            names = words
        elif names and words and words[0].isdigit():
            _table_row(path, number, words, names, samples)
        elif pair := _PAIR.match(line.strip()):
            fresh = _counter(path, pair[1], int(pair[2]), samples, fresh=fresh)
        elif (time := _TIME.match(line)) and not names:
            samples.times_s.append(float(time[1]))
            fresh = True
        elif number > _PATIENCE and len(samples.rows) == before:
            break
    if len(samples.rows) == before:
        msg = (
            f"{path}: no sample in its first {number} lines; `vmstat 1`, /proc/vmstat "
            "and memory.stat are read, and the folder of a recorded run"
        )
        raise RecordingError(msg)
    if names:
        del samples.rows[before]  # the first line of vmstat is the mean since boot
    _refuse_cut(path, samples)


def _be(samples: Samples, kind: str, path: Path) -> None:
    if samples.kind not in ("", kind):
        msg = f"{path}: is of {kind}, after samples of {samples.kind}; give files of one kind"
        raise RecordingError(msg)
    samples.kind = kind


def _table_row(
    path: Path, number: int, words: list[str], names: list[str], samples: Samples
) -> None:
    if len(words) < len(_COLUMNS) or not all(word.isdigit() for word in words[: len(_COLUMNS)]):
        msg = f"{path}: line {number} has {len(words)} values of {len(names)}; it is cut short"
        raise RecordingError(msg)
    samples.rows.append(dict(zip(_COLUMNS, map(int, words), strict=False)))


def _counter(path: Path, name: str, value: int, samples: Samples, *, fresh: bool) -> bool:
    # A name that comes again, or a line with the time, begins the next snapshot.
    if fresh or not samples.rows or name in samples.rows[-1]:
        if not samples.rows:
            proc = name.startswith("nr_")
            samples.kind = "/proc/vmstat" if proc else "memory.stat"
        samples.rows.append({})
    samples.rows[-1][name] = value
    return False


def _refuse_cut(path: Path, samples: Samples) -> None:
    if samples.kind == "vmstat" or not samples.rows:
        return
    first, last = samples.rows[0], samples.rows[-1]
    needed = "nr_dirty" if samples.kind == "/proc/vmstat" else "pgfault"
    if needed not in first:
        msg = f"{path}: has no {needed}; it is no {samples.kind}"
        raise RecordingError(msg)
    if len(last) < len(first):
        msg = f"{path}: its last snapshot has {len(last)} of {len(first)} lines; it is cut short"
        raise RecordingError(msg)


def _writer(data: dict[str, dict[str, Any]], memcg: str = "") -> None:
    data["task"]["writer"] = {"program": "writer", "filesystem": "data", "memcg": memcg}


def _device(data: dict[str, dict[str, Any]], rate: float, assumed: list[str]) -> None:
    if rate >= 1:
        data["device"]["sda"] |= {"write_bw": RATE.write(round(rate)), "kind": "as sampled"}
        data["recording"]["measured"]["device_throughput"] = float(f"{rate:.9g}")
    else:
        assumed.append("the disk's speed")


def _of_vmstat(samples: Samples, data: dict[str, dict[str, Any]], assumed: list[str]) -> None:
    # In KiB, of 1024 bytes, and per second.
    memory = max(row["free"] + row["buff"] + row["cache"] for row in samples.rows) * KIB
    data["machine"]["memory"] = SIZE.write(-(-memory // MIB) * MIB)
    _device(data, samples.settled("bo") * KIB, assumed)
    _writer(data)


def _of_proc(samples: Samples, data: dict[str, dict[str, Any]], assumed: list[str]) -> None:
    threshold = samples.rows[0].get("nr_dirty_threshold", 0)
    if threshold:
        data["machine"]["memory"] = SIZE.write(-(-5 * threshold * PAGE_SIZE // MIB) * MIB)
    assumed.append("memory five times the dirty threshold" if threshold else f"memory {MEMORY}")
    for key, name in (
        ("dirty_bytes", "nr_dirty_threshold"),
        ("dirty_background_bytes", "nr_dirty_background_threshold"),
    ):
        if pages := samples.rows[0].get(name, 0):
            data["machine"][key] = SIZE.write(pages * PAGE_SIZE)
    _device(data, samples.grown("nr_written") * PAGE_SIZE, assumed)
    data["recording"]["measured"] |= {
        "writer_throughput": samples.grown("nr_dirtied") * PAGE_SIZE,
        "dirty_peak": float(samples.most("nr_dirty")),
        "dirty_plateau": samples.settled("nr_dirty"),
        "writeback_plateau": samples.settled("nr_writeback"),
        "oom_kills": samples.grown("oom_kill") * samples.seconds,
    }
    _writer(data)


def _of_memcg(samples: Samples, data: dict[str, dict[str, Any]], assumed: list[str]) -> None:
    first = samples.rows[0]
    v2 = "anon" in first
    assumed += [f"memory {MEMORY}", "the disk's speed"]
    limit = first.get("hierarchical_memory_limit", 0)
    if not 0 < limit < _NO_LIMIT:
        held = (
            sum(row.get(n, 0) for n in ("anon", "file", "cache", "rss")) for row in samples.rows
        )
        limit = max(MIB, -(-max(held) // MIB) * MIB)
        assumed.append(f"limit {SIZE.write(limit)} of the memcg, the most it held")
    dirty, writeback = ("file_dirty", "file_writeback") if v2 else ("dirty", "writeback")
    data["machine"]["cgroup"] = "v2" if v2 else "v1"
    data["memcg"] = {"box": {"limit": SIZE.write(limit)}}
    data["recording"]["measured"] |= {
        "dirty_peak": samples.most(dirty) / PAGE_SIZE,
        "dirty_plateau": samples.settled(dirty) / PAGE_SIZE,
        "writeback_plateau": samples.settled(writeback) / PAGE_SIZE,
    }
    _writer(data, "box")


_FILL: Final[dict[str, Callable[[Samples, dict[str, dict[str, Any]], list[str]], None]]] = {
    "vmstat": _of_vmstat,
    "/proc/vmstat": _of_proc,
    "memory.stat": _of_memcg,
}
