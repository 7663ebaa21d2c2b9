"""What a sweep costs beside its runs: `python -m benchmarks.sweeps [RUNS]`.

Wall times of a shared machine say little, so each ratio is of two measurements taken in turn, and
overhead is counted in CPU time of this process and its children.
"""

from __future__ import annotations

import os
import resource
import secrets
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from reclaimlab.runs.executors.cluster import ClusterExecutor
from reclaimlab.runs.executors.inline import InlineExecutor
from reclaimlab.runs.executors.processes import ProcessExecutor
from reclaimlab.runs.run import run_one
from reclaimlab.store.sweeps import SweepReader, SweepWriter
from reclaimlab.sweep.axis import parse_axis
from reclaimlab.sweep.design import make_design
from reclaimlab.sweep.execute import run_sweep
from reclaimlab.sweep.plan import Source, SweepPlan

if TYPE_CHECKING:
    from reclaimlab.runs.executors import Executor
    from reclaimlab.sweep.execute import Tally, Watcher

SCENARIO = Path(__file__).parents[1] / "tests" / "core" / "tiny.toml"
RATIO_DURATION = "duration=12s"
"""A run of about 40 ms: what is compared is not mostly the start of processes."""
LARGE_DURATION = "duration=2s"
"""A run of about 9 ms: many of them, for memory and the store."""
JOBS = 2


def plan_of(runs: int, duration: str = RATIO_DURATION) -> SweepPlan:
    """Return a grid of ``runs`` points of one run each."""
    contender = ("linux-3.10",)
    source = Source.read(str(SCENARIO), [duration])
    rows = max(1, runs // 50)
    vary = (f"memcg.box.limit=8M..64M:{rows}", "device.sda.write_bw=5MB..50MB:50")
    axes = [parse_axis(each, source.text, source.name, contender) for each in vary]
    return SweepPlan("sweep", source, contender, (1,), make_design("grid", axes, 0, 1))


def cpu_s() -> float:
    """Return the CPU time of this process and of its children that have ended."""
    return sum(
        used.ru_utime + used.ru_stime
        for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def rss_mb() -> float:
    """Return the memory of this process in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def sweep(
    plan: SweepPlan, executor: Executor, db: Path, watch: Watcher = lambda _tally: None
) -> tuple[float, float]:
    """Run a sweep; return its wall seconds and the CPU seconds of this process."""
    with SweepWriter(db) as writer:
        wall, cpu = time.perf_counter(), time.process_time()
        run_sweep(plan, writer, executor, watch=watch)
        return time.perf_counter() - wall, time.process_time() - cpu


def cluster(jobs: int) -> ClusterExecutor:
    """Return a cluster of this machine."""
    return ClusterExecutor("local", jobs)


def bare_s(plan: SweepPlan, every: int) -> float:
    """Return the CPU seconds of one run without any sweep, from every so many-th point."""
    took = []
    for number in range(0, plan.design.points, every):
        scenario = plan.source.scenario(plan.design.settings(number))
        before = time.process_time()
        run_one(scenario, plan.contenders[0], 1)
        took.append(time.process_time() - before)
    return statistics.fmean(took)


def say(line: str) -> None:
    """Print one line now: the next one may take minutes."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def warm(executor: Executor, folder: Path) -> None:
    """Let the workers start: a large sweep does it once."""
    with SweepWriter(folder / f"warm-{secrets.token_hex(4)}.db") as writer:
        run_sweep(plan_of(50), writer, executor)


def ratios(runs: int, rounds: int, folder: Path) -> None:
    """Print one process against two, and two against a cluster, in turn."""
    plan = plan_of(runs)
    walls: dict[str, list[float]] = {"one": [], "two": [], "dask": []}
    bare: list[float] = []
    with InlineExecutor() as one, ProcessExecutor(JOBS) as two, cluster(JOBS) as dask:
        executors: dict[str, Executor] = {"one": one, "two": two, "dask": dask}
        for executor in executors.values():
            warm(executor, folder)
        inline_cpu: list[float] = []
        dask_cpu: list[float] = []
        for place in range(rounds):
            for name, executor in executors.items():
                wall, cpu = sweep(plan, executor, folder / f"{name}-{place}.db")
                walls[name].append(wall)
                if name == "one":
                    inline_cpu.append(cpu / runs)
                if name == "dask":
                    dask_cpu.append(cpu / runs)
            bare.append(bare_s(plan, 3))
    told = {name: statistics.median(each) for name, each in walls.items()}
    overhead = (statistics.median(inline_cpu) - statistics.median(bare)) * 1e3
    say(f"a bare run: {statistics.median(bare) * 1e3:.1f} ms CPU")
    say(f"planning, reading, storing: {overhead:.2f} ms CPU a run")
    say(f"{JOBS} processes against one: {told['one'] / told['two']:.2f}x")
    say(f"parent and Dask scheduler: {statistics.median(dask_cpu) * 1e3:.2f} ms CPU a run")
    say(f"a local Dask cluster against the pool: {(told['dask'] / told['two'] - 1) * 100:+.1f} %")


def large(runs: int, folder: Path) -> None:
    """Print memory, CPU and store of a large sweep."""
    seen: list[tuple[int, float]] = []

    def watch(tally: Tally) -> None:
        if tally.ran % max(1, runs // 10) == 0:
            seen.append((tally.ran, rss_mb()))

    db = folder / "large.db"
    before = cpu_s()
    with ProcessExecutor(JOBS) as executor:
        wall, own = sweep(plan_of(runs, LARGE_DURATION), executor, db, watch)
    with SweepReader(db) as reader:
        stored = reader.sweep("latest").stored_runs
    size = sum(each.stat().st_size for each in folder.glob("large.db*"))
    everything = (cpu_s() - before) / runs * 1e3
    say(f"{stored} runs in {wall:.0f} s: {everything:.1f} ms CPU a run")
    say(f"of that in the parent: {own / runs * 1e3:.2f} ms a run")
    say("memory of the parent: " + ", ".join(f"{mb:.0f} MB at {ran}" for ran, mb in seen))
    say(f"store: {size / stored:.0f} bytes a run")


def main() -> None:
    """Measure and print."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as folder:
        ratios(150, 3, Path(folder))
        large(runs, Path(folder))


if __name__ == "__main__":
    main()
