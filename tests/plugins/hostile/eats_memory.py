# /// reclaimlab
# name = "eats-memory"
# class = "EatsMemory"
# api = ">=1.0,<2"
# ///
"""Asks for 8 GB."""

from typing import Any

from reclaimlab.policy import Policy, PolicyInfo, hookimpl


class EatsMemory(Policy):
    """Asks for 8 GB."""

    info = PolicyInfo("eats-memory", "Asks for 8 GB.", "Nothing")

    @hookimpl
    def enter_scope(self, scope: Any) -> Any:
        return len(bytearray(8 << 30))
