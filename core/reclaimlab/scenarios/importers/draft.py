"""What an importer has read, before anything is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reclaimlab.errors import RecordingError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(slots=True)
class Draft:
    """The data of a scenario as its TOML file will have it, its opening comment, and its files."""

    data: dict[str, dict[str, Any]]
    comment: list[str]
    files: list[Path] = field(default_factory=list)
    """Measured files that are kept beside the scenario."""


def one_folder(paths: Sequence[Path]) -> Path:
    """Return the folder of a run, given itself or files of it.

    Raises:
        RecordingError: the paths are of several runs.
    """
    folders = dict.fromkeys(path if path.is_dir() else path.parent for path in paths)
    if len(folders) > 1:
        msg = f"{', '.join(map(str, folders))}: are several runs; import one at a time"
        raise RecordingError(msg)
    return next(iter(folders))
