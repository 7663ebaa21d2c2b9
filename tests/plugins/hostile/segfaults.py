# /// reclaimlab
# name = "segfaults"
# class = "Segfaults"
# api = ">=1.0,<2"
# ///
"""Reads address 0."""

import ctypes
from typing import Any

from reclaimlab.policy import Policy, PolicyInfo, hookimpl


class Segfaults(Policy):
    """Reads address 0."""

    info = PolicyInfo("segfaults", "Reads address 0.", "Nothing")

    @hookimpl
    def enter_scope(self, scope: Any) -> Any:
        ctypes.string_at(0)
