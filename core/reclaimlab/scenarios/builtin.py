"""The scenarios and recordings that come with the package."""

from __future__ import annotations

from pathlib import Path
from typing import Final

LIBRARY: Final = Path(__file__).parent / "library"
RECORDINGS: Final = Path(__file__).parent / "recordings"

TINY: Final = "tiny-"
"""How the names of scenarios begin that are made to be explored: as timed runs they say little."""


def builtin_scenarios() -> tuple[str, ...]:
    """Return the names of the scenarios that come with the package, sorted."""
    return tuple(sorted(path.stem for path in LIBRARY.glob("*.toml")))


def builtin_recordings() -> tuple[Path, ...]:
    """Return the folders of the recordings that come with the package, sorted."""
    return tuple(sorted(path.parent for path in RECORDINGS.glob("*/meta.toml")))


def builtin_file(name: str) -> Path:
    """Return the file of a scenario of :func:`builtin_scenarios`."""
    return LIBRARY / f"{name}.toml"
