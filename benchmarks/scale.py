"""How far one parent feeds workers: `python -m benchmarks.scale [PARENT_MS [DASK_MS]]`.

A simulation of the load, not of Linux: workers that each hold two runs, and one parent that needs a
fixed time for each run that ends (unpack, store, plan and hand out the next). Its two times are
what `python -m benchmarks.sweeps` measures: the parent's CPU a run with a pool, and with Dask's
scheduler in the same process.
"""

from __future__ import annotations

import heapq
import sys
from itertools import count
from random import Random

WORKERS = (2, 16, 64, 256, 1000)
RUNS_S = (0.05, 0.4, 2.5)
"""A small scenario, dd over USB, the posted hang."""
LATENCY_S = 0.0005
AHEAD = 2


def busy_share(workers: int, run_s: float, parent_s: float, seed: int = 1) -> float:
    """Return the share of the time that the workers simulate, with runs of 0.5 to 1.5 `run_s`."""
    dice, order = Random(seed), count()
    left = 40 * workers
    total = left
    free_at = 0.0  # when the parent is through with all that has come in
    queued = [0] * workers
    idle = [True] * workers
    worked = 0.0
    events: list[tuple[float, int, int, bool]] = []  # time, order, worker, a run arrives (or ends)

    def serve(now: float, worker: int) -> None:
        """Let the parent hand a run to a worker as soon as it can."""
        nonlocal free_at, left
        if left:
            left -= 1
            free_at = max(free_at, now) + parent_s
            heapq.heappush(events, (free_at + LATENCY_S, next(order), worker, True))

    def begin(now: float, worker: int) -> None:
        nonlocal worked
        queued[worker] -= 1
        idle[worker] = False
        length = run_s * dice.uniform(0.5, 1.5)
        worked += length
        heapq.heappush(events, (now + length, next(order), worker, False))

    for _ in range(AHEAD):
        for worker in range(workers):
            serve(0.0, worker)
    now = 0.0
    while events:
        now, _, worker, arrives = heapq.heappop(events)
        if arrives:
            queued[worker] += 1
        else:
            idle[worker] = True
            serve(now + LATENCY_S, worker)
        if idle[worker] and queued[worker]:
            begin(now, worker)
    assert left == 0
    assert total == 40 * workers
    return worked / (now * workers)


def shards_for(workers: int, run_s: float, parent_s: float, share: float = 0.9) -> int:
    """Return the least power of two of parents that keep ``workers`` busy."""
    parts = 1
    while workers // parts > 1 and busy_share(workers // parts, run_s, parent_s) < share:
        parts *= 2
    return parts


def main() -> None:
    """Print a Markdown table for each cost of the parent."""
    costs = [float(text) / 1e3 for text in sys.argv[1:3]] or [0.0015, 0.004]
    for parent_s in costs:
        sys.stdout.write(f"\nthe parent needs {parent_s * 1e3:.1f} ms a run\n\n")
        head = " | ".join(f"{workers} workers" for workers in WORKERS)
        sys.stdout.write(f"| a run | {head} | parts for 1,000 at 90 % |\n")
        sys.stdout.write("|---|" + "---|" * (len(WORKERS) + 1) + "\n")
        for run_s in RUNS_S:
            cells = " | ".join(f"{busy_share(each, run_s, parent_s):.0%}" for each in WORKERS)
            parts = shards_for(1000, run_s, parent_s)
            sys.stdout.write(f"| {run_s * 1e3:.0f} ms | {cells} | {parts} |\n")


if __name__ == "__main__":
    main()
