# /// reclaimlab
# name = "prints"
# class = "Prints"
# api = ">=1.0,<2"
# ///
"""Prints 100 MB."""

from typing import Any

from reclaimlab.policy import Policy, PolicyInfo, hookimpl


class Prints(Policy):
    """Prints 100 MB."""

    info = PolicyInfo("prints", "Prints 100 MB.", "Nothing")

    @hookimpl
    def enter_scope(self, scope: Any) -> Any:
        for _ in range(100):
            print("x" * (1 << 20))  # noqa: T201  # that is the crime
