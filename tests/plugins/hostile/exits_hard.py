# /// reclaimlab
# name = "exits-hard"
# class = "ExitsHard"
# api = ">=1.0,<2"
# ///
"""Calls os._exit()."""

import os
from typing import Any

from reclaimlab.policy import Policy, PolicyInfo, hookimpl


class ExitsHard(Policy):
    """Calls os._exit()."""

    info = PolicyInfo("exits-hard", "Calls os._exit().", "Nothing")

    @hookimpl
    def enter_scope(self, scope: Any) -> Any:
        os._exit(0)
