"""A published experiment on the page cache: phases of pipelines on big files, alone and together.

The data are those of "Modeling the Linux page cache for accurate simulation of data-intensive
applications" (arXiv 2101.01335); they carry no licence and are not part of reclaimlab. The set-up
is a fact and stands below.
"""

from __future__ import annotations

import csv
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reclaimlab.errors import RecordingError
from reclaimlab.runs.run import run_one
from reclaimlab.scenarios.reader import read_scenario
from reclaimlab.units import KIB

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from reclaimlab.machine.assemble import Assembly

KERNEL: Final = "linux-4.2"
"""The machine ran 4.18: of the kernels here the last before it, and alike in all that is used."""
MEMORY: Final = 262_288_396 * KIB
COMPUTE_S: Final = {3: 4.4, 20: 28.0, 50: 75.0, 75: 110.0, 100: 155.0}
"""CPU seconds of one task, by GB of a file."""
FIT: Final = 20
"""Bandwidths are taken from the run with files of so many GB, and from no other."""
SMALL: Final = 3
"""GB of a file in the experiment with several applications."""
GB: Final = 10**9
MOST_ERROR: Final = 0.12
MOST_DIRTY_ERROR: Final = 3.0
KNEES: Final = (10, 11)
_FITTED_PHASES: Final = ("read1", "write1", "read2", "write2", "read3", "write3")
_TIMES: Final = "exp1_times.csv"


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase of one pipeline; seconds, and dirty memory at its end in GB (writes only)."""

    size_gb: int
    name: str
    measured_s: float
    simulated_s: float
    dirty_gb: tuple[float, float] | None

    @property
    def error(self) -> float:
        """Return the signed error as a share of what was measured."""
        return self.simulated_s / self.measured_s - 1


@dataclass(frozen=True, slots=True)
class Crowd:
    """n applications at once: seconds an application spends writing, the mean of all."""

    n: int
    measured_s: float
    simulated_s: float


@dataclass(frozen=True, slots=True)
class PageCache:
    """What came of it."""

    phases: tuple[Phase, ...]
    crowds: tuple[Crowd, ...]

    @property
    def mean_error(self) -> float:
        """Return the mean absolute error over all phases."""
        return sum(abs(phase.error) for phase in self.phases) / len(self.phases)

    @property
    def worst_dirty_error(self) -> float:
        """Return by how many GB dirty memory is off at most at the end of the largest writes."""
        largest = max(phase.size_gb for phase in self.phases)
        return max(
            abs(phase.dirty_gb[1] - phase.dirty_gb[0])
            for phase in self.phases
            if phase.dirty_gb is not None and phase.size_gb == largest
        )

    def knee(self, which: str) -> int | None:
        """Return the n from which on writing takes over half again as long as with one less."""
        for before, after in zip(self.crowds, self.crowds[1:], strict=False):
            if getattr(after, which) > 1.25 * getattr(before, which) and after.n > 6:
                return after.n
        return None

    @property
    def missed(self) -> bool:
        """Whether a bound is missed."""
        return (
            self.mean_error > MOST_ERROR
            or self.worst_dirty_error > MOST_DIRTY_ERROR
            or self.knee("simulated_s") not in KNEES
        )


@dataclass(frozen=True, slots=True)
class Bandwidths:
    """Bytes a second, from the run with files of 20 GB."""

    disk_read: int
    disk_write: int
    cached_read: int
    cached_write: int


def is_page_cache_data(folder: Path) -> bool:
    """Return whether ``folder`` has this experiment's data."""
    return (folder / _TIMES).is_file()


def validate_page_cache(folder: Path, tell: Callable[[str], None]) -> PageCache:
    """Simulate every pipeline of ``folder`` and compare; ``tell`` is told what comes next.

    Raises:
        RecordingError: a file is missing or damaged.
    """
    times = _table(folder / _TIMES)
    rates = bandwidths(folder, times)
    phases: list[Phase] = []
    for size in sorted({int(row["size_gb"]) for row in times}):
        tell(f"files of {size} GB")
        runs = [row for row in times if int(row["size_gb"]) == size]
        phases += _phases(folder, size, runs, rates)
    crowds = []
    for row in _table(folder / "exp2_per_app_seconds.csv"):
        n = int(row["n"])
        tell(f"{n} applications")
        writes = [end - begin for name, begin, end, _ in run(SMALL, n, rates) if "write" in name]
        crowds.append(Crowd(n, float(row["write_real_mean"]), sum(writes) / n))
    return PageCache(tuple(phases), tuple(crowds))


def _table(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            return list(csv.DictReader(lines))
    except OSError as error:
        raise RecordingError(f"{path}: {error.strerror}") from None


def bandwidths(folder: Path, times: Sequence[Mapping[str, str]]) -> Bandwidths:
    """Return the four rates of the machine from the 20 GB run alone.

    Raises:
        RecordingError: that run is not there.
    """
    seconds = {row["phase"]: float(row["real_s"]) for row in times if int(row["size_gb"]) == FIT}
    lacking = [name for name in _FITTED_PHASES if name not in seconds]
    if lacking:
        raise RecordingError(
            f"{folder / _TIMES}: has no {', '.join(lacking)} of files of {FIT} GB, "
            "which the bandwidths are taken from"
        )
    size = FIT * GB
    reads = [seconds["read2"], seconds["read3"]]
    writes = [seconds["write1"], seconds["write2"], seconds["write3"]]
    return Bandwidths(
        disk_read=round(size / seconds["read1"]),
        disk_write=_drain_rate(_table(folder / f"exp1_{FIT}gb" / "memprof_derived.csv")),
        cached_read=round(size * len(reads) / sum(reads)),
        cached_write=round(size * len(writes) / sum(writes)),
    )


def _drain_rate(samples: Sequence[Mapping[str, str]]) -> int:
    """Return the rate at which dirty memory falls while nobody writes: the median of such steps."""
    times = [float(row["t_s"]) for row in samples]
    dirty = [float(row["dirty_gb"]) for row in samples]
    steps = sorted(
        (dirty[at] - dirty[at + 5]) / (times[at + 5] - times[at])
        for at in range(len(times) - 5)
        if dirty[at] - dirty[at + 5] > 1.0
    )
    return round(steps[len(steps) // 2] * GB)


def _phases(
    folder: Path, size: int, rows: Sequence[Mapping[str, str]], rates: Bandwidths
) -> list[Phase]:
    real_dirty = _dirty_at_ends(folder / f"exp1_{size}gb")
    found = []
    for row, (name, begin, end, dirty) in zip(rows, run(size, 1, rates), strict=True):
        levels = (real_dirty[name], dirty) if name in real_dirty else None
        found.append(Phase(size, name, float(row["real_s"]), end - begin, levels))
    return found


def _dirty_at_ends(folder: Path) -> dict[str, float]:
    """Return dirty memory in GB at the end of each write phase, between the nearest samples."""
    samples = _table(folder / "memprof_derived.csv")
    times = [float(row["t_s"]) for row in samples]
    dirty = [float(row["dirty_gb"]) for row in samples]
    stamps = [
        [part.strip() for part in line.split(",")]
        for line in (folder / "timestamps.csv").read_text(encoding="utf-8").splitlines()
        if line.strip()
    ]
    start = float(stamps[0][1])
    ends = [float(end) - start for kind, _, end in stamps if kind == "write"]
    found = {}
    for number, end in enumerate(ends, 1):
        at = min(max(bisect_left(times, end), 1), len(times) - 1)
        share = (end - times[at - 1]) / (times[at] - times[at - 1])
        found[f"write{number}"] = dirty[at - 1] + share * (dirty[at] - dirty[at - 1])
    return found


def run(size: int, count: int, rates: Bandwidths) -> list[tuple[str, float, float, float]]:
    """Simulate ``count`` pipelines at once; give name, begin, end (s), dirty GB of each phase."""
    scenario = read_scenario(scenario_text(size, count, rates), f"{count} times {size} GB")
    seen: list[Assembly] = []
    result = run_one(scenario, KERNEL, 1, observe=seen.append)
    dirty = next(series for series in result.series if series.name == "dirty")
    found = []
    for process in seen[0].kernel.processes:
        for name, begin, end in process.phases:
            at = min(bisect_left(dirty.times_ns, end), len(dirty.values) - 1)
            level = dirty.values[at] * 4096 / GB
            found.append((name, begin / 1e9, end / 1e9, level))
    return found


def scenario_text(size: int, count: int, rates: Bandwidths) -> str:
    """Return the scenario: two sockets of 16 cores, XFS on one SSD, dirty_ratio 40 and 10."""
    return f"""
[scenario]
name = "page-cache"
title = "{count} pipelines over files of {size} GB"
decides = "writer_throughput"
duration = "4000s"
kernel = "{KERNEL}"

[machine]
memory = "{MEMORY // KIB}KiB"
cpus = 32
cgroup = "v1"
dirty_ratio = 40
dirty_background_ratio = 10

[device.ssd]
write_bw = "{rates.disk_write}B/s"
read_bw = "{rates.disk_read}B/s"
jitter = 0.0

[filesystem.data]
type = "xfs"
device = "ssd"

[task.app]
program = "pipeline"
filesystem = "data"
count = {count}
file_size = "{size * GB // 4096 * 4096}B"
compute = "{round(COMPUTE_S[size] * 1000)}ms"
read_bw = "{rates.cached_read}B/s"
copy_bw = "{rates.cached_write}B/s"
"""
