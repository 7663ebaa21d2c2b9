"""Sweeps and a window under scripted use for SOAK_MINUTES (120), watched for leaks (`make leaks`).

Memory, file handles and threads are sampled every ten seconds. After a quarter of the time, while
caches fill, memory may grow by 1 % an hour, and the others not at all.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import fmean, linear_regression, median
from typing import Final

TOP: Final = Path(__file__).parents[2]
TINY: Final = TOP / "tests" / "core" / "tiny.toml"
SAMPLES: Final = TOP / "build" / "soak"
EVERY_S: Final = 10.0
MOST_PERCENT_AN_HOUR: Final = 1.0


def main() -> None:
    """Run both, and say how memory, handles and threads went."""
    minutes = float(os.environ.get("SOAK_MINUTES", "120"))
    with tempfile.TemporaryDirectory(prefix="reclaimlab-soak-") as folder:
        seconds = str(minutes * 60)
        commands = {
            "window": ["scripted_window", str(Path(folder, "window.sqlite")), str(TINY), seconds],
            "sweeps": ["endless_sweeps", folder, seconds],
        }
        environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
        processes = {
            name: subprocess.Popen(
                [sys.executable, "-m", f"tests.hardening.{module}", *arguments, str(EVERY_S)],
                cwd=TOP, env=environment, stdout=subprocess.PIPE, text=True,
            )
            for name, (module, *arguments) in commands.items()
        }  # fmt: skip
        told = {name: process.communicate()[0] for name, process in processes.items()}
    SAMPLES.mkdir(parents=True, exist_ok=True)
    for name, printed in told.items():
        (SAMPLES / f"{name}.jsonl").write_text(printed)
    good = [process.returncode == 0 for process in processes.values()]
    good += [is_flat(name, printed) for name, printed in told.items()]
    sys.exit(not all(good))


def is_flat(name: str, printed: str) -> bool:
    """Say in a line how a process grew, and whether that is within bounds."""
    lines = [json.loads(line) for line in printed.splitlines()]
    samples = [line for line in lines if "at_s" in line]
    settled = samples[len(samples) // 4 :]
    memory, objects = _hourly(settled, "rss_kib"), _hourly(settled, "blocks")
    grown = {what: _grown([each[what] for each in settled]) for what in ("handles", "threads")}
    sys.stdout.write(
        f"{name}: {len(settled)} samples over "
        f"{(settled[-1]['at_s'] - settled[0]['at_s']) / 3600:.2f} h, "
        f"{fmean(each['rss_kib'] for each in settled) / 1024:.0f} MiB, {memory:+.2f} %/h, "
        f"Python objects {objects:+.2f} %/h, "
        f"handles {grown['handles']:+g}, threads {grown['threads']:+g}; {json.dumps(lines[-1])}\n"
    )
    problems = lines[-1].get("problems", [])
    return memory <= MOST_PERCENT_AN_HOUR and not any(grown.values()) and not problems


def _hourly(samples: list[dict[str, float]], what: str) -> float:
    """Return by how many percent an hour something grows: the slope of a straight line."""
    found = [each[what] for each in samples]
    hours = [each["at_s"] / 3600 for each in samples]
    return 100 * linear_regression(hours, found).slope / fmean(found)


def _grown(counts: list[int]) -> float:
    third = max(1, len(counts) // 3)
    return median(counts[-third:]) - median(counts[:third])


if __name__ == "__main__":
    main()
