# /// reclaimlab
# name = "loops-for-ever"
# class = "LoopsForEver"
# api = ">=1.0,<2"
# ///
"""Never returns."""

from typing import Any

from reclaimlab.policy import Policy, PolicyInfo, hookimpl


class LoopsForEver(Policy):
    """Never returns."""

    info = PolicyInfo("loops-for-ever", "Never returns.", "Nothing")

    @hookimpl
    def describe_kernel(self, cgroup: Any) -> Any:
        while True:
            pass
