"""``python -m benchmarks.explore``: what exploring every schedule costs, as a Markdown table.

Each line is an exploration in a process of its own; its CPU time is without what it takes to start.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, replace

START_BOUND = 2
"""States after which a search ends that only shows what starting costs."""
SPIN = "SPIN, the bare protocol: 13,200,000 states, 19.6 s, 1250 MB"
INSIDE = """
import json, resource, sys, time
from reclaimlab.explore.child import explore_here
from reclaimlab.explore.request import ExploreRequest
found = explore_here(ExploreRequest(**json.loads(sys.stdin.read())))
print(json.dumps({
    "states": found.states, "transitions": found.transitions, "exhausted": found.exhausted,
    "cpu_s": time.process_time(),
    "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
}))
"""


@dataclass(frozen=True, slots=True)
class Cell:
    """One exploration of tiny-completion."""

    contender: str
    writer: str
    workers: int
    pages: int
    granularity: str

    @property
    def name(self) -> str:
        """What the table calls it."""
        tasks = self.workers + 2
        return f"{self.contender}, {self.writer} writer, {tasks} tasks, {self.pages} pages"


HEAD = (
    "| exploration | steps | exhausted | states | transitions | CPU, s | states/s | MB"
    " | KB a state |\n| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |"
)
MEF = "linux-3.10+may-enter-fs"
CELLS = (
    Cell(MEF, "nofs", 3, 4, "coarse"),
    Cell(MEF, "fs", 3, 4, "coarse"),
    Cell(MEF, "nofs", 3, 6, "coarse"),
    Cell(MEF, "nofs", 3, 4, "fine"),
    Cell(MEF, "fs", 3, 6, "coarse"),
)


@dataclass(frozen=True, slots=True)
class Cost:
    """What an exploration came to, and what it cost besides its start."""

    states: int
    transitions: int
    exhausted: bool
    cpu_s: float
    memory_mb: float


def cost(cell: Cell, *, max_seconds: float = 300, max_states: int = 10_000_000) -> Cost:
    """Explore a cell."""
    whole = _explored(cell, max_seconds, max_states)
    start = _explored(cell, max_seconds, START_BOUND)
    return replace(
        whole, cpu_s=whole.cpu_s - start.cpu_s, memory_mb=whole.memory_mb - start.memory_mb
    )


def _explored(cell: Cell, max_seconds: float, max_states: int) -> Cost:
    from reclaimlab.scenarios.canonical import scenario_toml
    from reclaimlab.scenarios.reader import load_scenario

    settings = (f"workers={cell.workers}", f"pages={cell.pages}", f"writer_gfp={cell.writer}")
    request = {
        "scenario_text": scenario_toml(load_scenario("tiny-completion", settings)),
        "scenario": "tiny-completion", "contender": cell.contender,
        "granularity": cell.granularity, "max_seconds": max_seconds, "max_states": max_states,
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", INSIDE],
        input=json.dumps(request), capture_output=True, text=True, check=True,
    )  # fmt: skip
    return Cost(**json.loads(done.stdout))


def row(cell: Cell, found: Cost) -> str:
    """Return a cell's row."""
    each = found.memory_mb * 1024 / found.states
    return (
        f"| {cell.name} | {cell.granularity} | {'yes' if found.exhausted else '**no**'} "
        f"| {found.states} | {found.transitions} | {found.cpu_s:.1f} "
        f"| {found.states / found.cpu_s:.0f} | {found.memory_mb:.0f} | {each:.1f} |"
    )


def main() -> None:
    """Print the table."""
    sys.stdout.write(f"{HEAD}\n")
    for cell in CELLS:
        sys.stdout.write(f"{row(cell, cost(cell))}\n")
        sys.stdout.flush()
    sys.stdout.write(f"\nTo compare, 5 tasks and 6 pages: {SPIN}.\n")


if __name__ == "__main__":
    main()
