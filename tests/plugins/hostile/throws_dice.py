# /// reclaimlab
# name = "throws-dice"
# class = "ThrowsDice"
# api = ">=1.0,<2"
# ///
"""Answers at random."""

import random
from typing import Any

from reclaimlab.policy import Action, Policy, PolicyInfo, WritebackDecision, hookimpl


class ThrowsDice(Policy):
    """Answers at random."""

    info = PolicyInfo("throws-dice", "Answers at random.", "Nothing")

    @hookimpl
    def decide_writeback_wait(self, folio: Any, reclaim: Any) -> Any:
        return WritebackDecision(random.choice((Action.KEEP, Action.WAIT)))
