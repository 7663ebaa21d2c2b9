"""The hash of the code that determines a run: equal hashes and equal inputs mean equal results."""

from __future__ import annotations

import hashlib
import importlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import reclaimlab
from reclaimlab.runs.run import installed_policies

if TYPE_CHECKING:
    from reclaimlab.hosting.contender import Contender

HASH_LENGTH: Final = 16
"""Hex digits that are kept of a hash; enough to tell a few thousand texts apart."""

# What can change a verdict; the command line, the reports and the store cannot.
_MODEL: Final = (
    "block", "engine", "fs", "hosting", "kernel", "machine", "measure", "policy", "scenarios",
    "workloads", "errors.py", "units.py",
)  # fmt: skip


def source_hash(contender: Contender) -> str:
    """Return the hash of the simulator and of the packages that ``contender`` comes from."""
    packages = {
        installed_policies().policies[each.name].__module__.partition(".")[0]
        for each in contender.policies
    }
    return _source_hash(tuple(sorted(packages)))


def model_hash() -> str:
    """Return the hash of the simulator alone."""
    return _source_hash(())


@cache
def _source_hash(packages: tuple[str, ...]) -> str:
    root = Path(reclaimlab.__file__).parent
    digest = hashlib.sha256()
    for place in [root / name for name in _MODEL] + [_home(name) for name in packages]:
        files = sorted(place.rglob("*.py")) if place.is_dir() else [place]
        for file in files:
            digest.update(file.relative_to(place.parent).as_posix().encode() + b"\0")
            digest.update(file.read_bytes())
    return digest.hexdigest()[:HASH_LENGTH]


def _home(package: str) -> Path:
    module = importlib.import_module(package)
    file = Path(module.__file__ or "")
    return file.parent if hasattr(module, "__path__") else file
