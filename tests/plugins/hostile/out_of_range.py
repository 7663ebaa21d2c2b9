# /// reclaimlab
# name = "out-of-range"
# class = "OutOfRange"
# api = ">=1.0,<2"
# ///
"""Answers with a time before now."""

from typing import Any

from reclaimlab.policy import Policy, PolicyInfo, Throttle, ThrottleKind, hookimpl


class OutOfRange(Policy):
    """Answers with a time before now."""

    info = PolicyInfo("out-of-range", "Answers with a time before now.", "Nothing")

    @hookimpl
    def throttle_after_batch(self, progress: Any, reclaim: Any) -> Any:
        return Throttle(ThrottleKind.CONGESTION_WAIT, -1)
