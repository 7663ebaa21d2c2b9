"""Two fixes that ruin their run, installed by putting this folder on sys.path."""

import os
from typing import Any

from reclaimlab.policy import Policy, PolicyInfo, hookimpl


class Raises(Policy):
    info = PolicyInfo("raises", "Raises", "None")

    @hookimpl
    def describe_kernel(self, cgroup: str) -> Any:
        raise ZeroDivisionError(cgroup)


class KillsItsProcess(Policy):
    info = PolicyInfo("kills-its-process", "Kills its process", "None")

    @hookimpl
    def describe_kernel(self, cgroup: str) -> Any:
        os._exit(9)
