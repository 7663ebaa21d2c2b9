"""What went wrong in another process, as a message: exceptions do not all survive being pickled."""

from __future__ import annotations

import traceback
from typing import Any

from reclaimlab.errors import PolicyError, ReclaimlabError
from reclaimlab.explore.request import LostProcessError, UnexplorableError

Told = tuple[str, Any]


def told(error: BaseException) -> Told:
    """Return an exception as a message: its kind, and what it says."""
    if isinstance(error, PolicyError):
        return "policy", (error.policy, error.hook, error.problem)
    if isinstance(error, LostProcessError):
        return "lost", str(error)
    if isinstance(error, ReclaimlabError):
        return "user", str(error)
    return "bug", traceback.format_exc()


def raised(message: Told) -> Exception:
    """Return the exception that a message is about."""
    kind, value = message
    if kind == "policy":
        return PolicyError(*value)
    if kind == "lost":
        return LostProcessError(value)
    return UnexplorableError(value) if kind == "user" else RuntimeError(value)
