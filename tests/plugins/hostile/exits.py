# /// reclaimlab
# name = "exits"
# class = "Exits"
# api = ">=1.0,<2"
# ///
"""Calls sys.exit()."""

import sys
from typing import Any

from reclaimlab.policy import Policy, PolicyInfo, hookimpl


class Exits(Policy):
    """Calls sys.exit()."""

    info = PolicyInfo("exits", "Calls sys.exit().", "Nothing")

    @hookimpl
    def describe_kernel(self, cgroup: Any) -> Any:
        sys.exit(0)
