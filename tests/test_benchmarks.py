"""The benchmarks still run on the model as it is; how long they take is no test."""

import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent


def test_every_small_benchmark_runs_once_and_the_large_ones_are_found() -> None:
    # `make bench` is run by hand, so a change of the model would break it unnoticed.
    command = [sys.executable, "-m", "pytest", "benchmarks", "-q", "--benchmark-disable"]
    ended = subprocess.run(
        [*command, "-k", "small_workload"], cwd=TOP, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout
    assert "deselected" in ended.stdout
