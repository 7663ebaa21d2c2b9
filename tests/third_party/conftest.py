"""A fresh environment with reclaimlab and three plugins of others, each from its wheel."""

from __future__ import annotations

import site
import subprocess
import sys
import venv
from pathlib import Path
from typing import NamedTuple

import pytest

# The tests inside the distributions are their authors': they run where those are installed.
collect_ignore_glob = ["*/tests/*"]

HERE = Path(__file__).parent
TOP = HERE.parents[1]
PLUGINS = ("proportional-wait", "second-look", "smr-disk")


class Place(NamedTuple):
    """A fresh environment with reclaimlab and the three plugins, each from its wheel."""

    python: Path
    folder: Path

    def reclaimlab(self, *arguments: str) -> str:
        ran = subprocess.run(
            [self.python, "-m", "reclaimlab", *arguments],
            cwd=self.folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout


BUILD = """
import os, sys
from hatchling.build import build_wheel
wheels, *sources = sys.argv[1:]
for source in sources:
    os.chdir(source)
    build_wheel(wheels)
"""
"""What `python -m build --no-isolation` asks the backend, of all distributions in one process."""


def build(sources: list[Path], wheels: Path) -> None:
    wheels.mkdir()
    command = [sys.executable, "-c", BUILD, str(wheels), *map(str, sources)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("third-party")
    wheels = folder / "wheels"
    build([TOP, *(HERE / name for name in PLUGINS)], wheels)
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    python = folder / "venv" / "bin" / "python"
    found = sorted(map(str, wheels.glob("*.whl")))
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q"]
    subprocess.run([*pip, "--no-index", "--no-deps", *found], check=True)
    (packages,) = (folder / "venv" / "lib").glob("*/site-packages")
    # What reclaimlab itself depends on is here already; a test downloads nothing.
    (packages / "dependencies.pth").write_text("\n".join(site.getsitepackages()))
    return Place(python, folder)
