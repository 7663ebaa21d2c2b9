# /// reclaimlab
# name = "counts-its-calls"
# class = "CountsItsCalls"
# api = ">=1.0,<2"
# ///
"""A pure answer that changes."""

from typing import Any

from reclaimlab.policy import Action, Policy, PolicyInfo, WritebackDecision, hookimpl


class CountsItsCalls(Policy):
    """A pure answer that changes."""

    info = PolicyInfo("counts-its-calls", "A pure answer that changes.", "Nothing")

    calls = 0

    @hookimpl
    def decide_writeback_wait(self, folio: Any, reclaim: Any) -> Any:
        self.calls += 1
        return WritebackDecision(Action.KEEP, mark_reclaim=self.calls % 2 == 0)
