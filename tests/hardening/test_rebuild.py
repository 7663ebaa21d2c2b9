"""What is published can be built again by anyone, byte for byte."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
LONG_AGO = 1_000_000_000


def build(source: Path, target: Path) -> dict[str, bytes]:
    """Return the sdist and the wheel of ``source`` by name."""
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(target)]
    built = subprocess.run(
        [*command, "--sdist", "--wheel", str(source)], capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return {file.name: file.read_bytes() for file in sorted(target.iterdir())}


@pytest.mark.slow
def test_wheel_and_sdist_rebuilt_from_the_sdist_are_the_same_bytes(tmp_path: Path) -> None:
    first = build(TOP, tmp_path / "first")
    (packed,) = (tmp_path / "first").glob("*.tar.gz")
    with tarfile.open(packed) as archive:
        archive.extractall(tmp_path / "source", filter="data")
    (source,) = (tmp_path / "source").iterdir()
    for file in source.rglob("*"):
        os.utime(file, (LONG_AGO, LONG_AGO))
    second = build(source, tmp_path / "second")
    assert len(first) == 2
    assert {name: data == second[name] for name, data in first.items()} == dict.fromkeys(
        first, True
    )
