# /// reclaimlab
# name = "mutates-its-view"
# class = "MutatesItsView"
# api = ">=1.0,<2"
# ///
"""Assigns to what it is told."""

from typing import Any

from reclaimlab.policy import Policy, PolicyInfo, hookimpl


class MutatesItsView(Policy):
    """Assigns to what it is told."""

    info = PolicyInfo("mutates-its-view", "Assigns to what it is told.", "Nothing")

    @hookimpl
    def enter_scope(self, scope: Any) -> Any:
        scope.task_flags = 0
        return None
