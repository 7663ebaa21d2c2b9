# /// reclaimlab
# name = "wrong-type"
# class = "WrongType"
# api = ">=1.0,<2"
# ///
"""Answers with a word."""

from typing import Any

from reclaimlab.policy import Policy, PolicyInfo, hookimpl


class WrongType(Policy):
    """Answers with a word."""

    info = PolicyInfo("wrong-type", "Answers with a word.", "Nothing")

    @hookimpl
    def describe_kernel(self, cgroup: Any) -> Any:
        return "worker"
