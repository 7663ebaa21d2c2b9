# /// reclaimlab
# name = "patches-the-engine"
# class = "PatchesTheEngine"
# api = ">=1.0,<2"
# ///
"""Puts a function of its own into the engine."""

from typing import Any

from reclaimlab.kernel import vmscan
from reclaimlab.policy import Policy, PolicyInfo, hookimpl


class PatchesTheEngine(Policy):
    """Puts a function of its own into the engine."""

    info = PolicyInfo(
        "patches-the-engine", "Puts a function of its own into the engine.", "Nothing"
    )

    @hookimpl
    def enter_scope(self, scope: Any) -> Any:
        vmscan.shrink_zone = lambda *_: iter(())  # type: ignore[assignment]  # that is the crime
