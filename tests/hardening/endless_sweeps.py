"""One sweep after the other in one process; soak.py watches it.

``python -m tests.hardening.endless_sweeps FOLDER SECONDS SAMPLE_S``
"""

from __future__ import annotations

import itertools
import sys
import time
from pathlib import Path

from reclaimlab.runs.executors.processes import ProcessExecutor
from reclaimlab.store.sweeps import SweepWriter
from reclaimlab.sweep.axis import parse_axis
from reclaimlab.sweep.design import make_design
from reclaimlab.sweep.execute import run_sweep
from reclaimlab.sweep.plan import Source, SweepPlan
from tests.hardening.sampling import sample, tell

TINY = Path(__file__).parents[1] / "core" / "tiny.toml"
CONTENDERS = ("linux-3.10",)


def sweep(store: Path, seed: int) -> None:
    source = Source.read(str(TINY), ("duration=1s",))
    vary = "memcg.box.limit=8M..32M:25"
    axes = [parse_axis(vary, source.text, source.name, CONTENDERS)]
    design = make_design("grid", axes, 0, 1)
    plan = SweepPlan("sweep", source, CONTENDERS, (seed, seed + 1), design)
    with ProcessExecutor(1) as executor, SweepWriter(store) as writer:
        tally = run_sweep(plan, writer, executor)
    assert tally.ran == 50, tally


def main() -> None:
    folder, seconds, every_s = Path(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
    begun = told = time.monotonic()
    for number in itertools.count(1):
        now = time.monotonic()
        if now - begun > seconds:
            tell(sweeps=number - 1, **sample())
            return
        if now - told > every_s:
            told = now
            tell(at_s=round(now - begun, 1), **sample())
        sweep(folder / f"sweeps-{number // 20}.sqlite", 2 * number)


if __name__ == "__main__":
    main()
