"""A run is its scenario, contender and seed: never the process it happens to run in."""

import os
import subprocess
import sys

import pytest

ARGUMENTS = ("run", "dd-usb-ext4", "-c", "linux-3.10", "--json", "--set", "duration=5s")


def run(hash_seed: int) -> bytes:
    return subprocess.run(
        [sys.executable, "-m", "reclaimlab", *ARGUMENTS],
        env=os.environ | {"PYTHONHASHSEED": str(hash_seed)},
        check=True,
        capture_output=True,
    ).stdout


@pytest.mark.slow
def test_two_processes_with_other_hash_seeds_print_the_same_bytes() -> None:
    first, second = run(1), run(4242)
    assert first.startswith(b"{")
    assert first == second
