"""The traceback of a plugin's error, from where the plugin's own code begins."""

from __future__ import annotations

import traceback
from itertools import dropwhile
from pathlib import Path
from typing import Final

import pluggy

import reclaimlab

_MACHINERY: Final = tuple(
    str(Path(package.__file__ or "").parent) for package in (reclaimlab, pluggy)
)
"""Whatever calls plugins; what it does on the way there is no news to their authors."""


def plugin_trace(error: BaseException) -> str:
    """Return the traceback of what ``error`` came from; empty if no code of others is in it."""
    while error.__cause__ is not None:
        error = error.__cause__
    frames = traceback.extract_tb(error.__traceback__)
    own = list(dropwhile(lambda frame: _is_machinery(frame.filename), frames))
    if not own and not isinstance(error, SyntaxError):
        return ""
    lines = ["Traceback (most recent call last):\n", *traceback.format_list(own)]
    return "".join([*lines, *traceback.format_exception_only(error)])


def _is_machinery(file: str) -> bool:
    return file.startswith(("<frozen importlib", *_MACHINERY)) or "/importlib/" in file
