"""Whose plugin a stack trace goes through: the name for a message, when a process has died."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reclaimlab.hosting.sources import Source

_FRAME: Final = re.compile(r'File "([^"]+)", line (\d+),? in (\S+)')


def blame(trace: str, sources: Iterable[Source]) -> str:
    """Return ``NAME (function, file:line)`` of the plugin whose code ``trace`` is in; or nothing.

    ``trace`` is what faulthandler or traceback writes; the frame nearest the fault counts.
    """
    places = [(place_of(source), source.name) for source in sources]
    frames = _FRAME.findall(trace)
    # faulthandler writes the innermost call first, and says so; traceback writes it last.
    for file, line, function in frames if "most recent call first" in trace else frames[::-1]:
        for place, name in places:
            if place is not None and Path(file).resolve().is_relative_to(place):
                return f"{name} (in {function}, {Path(file).name}:{line})"
    return ""


def place_of(source: Source) -> Path | None:
    """Return the file or folder that holds the code of a plugin, without importing it."""
    if source.file:
        return Path(source.file).resolve()
    top = source.module.partition(":")[0].partition(".")[0]
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    if spec is None or spec.origin is None:
        return None
    origin = Path(spec.origin).resolve()
    return origin.parent if spec.submodule_search_locations else origin
