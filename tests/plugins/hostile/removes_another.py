# /// reclaimlab
# name = "removes-another"
# class = "RemovesAnother"
# api = ">=1.0,<2"
# ///
"""Takes another policy out of the run."""

import sys
from typing import Any

from reclaimlab.policy import Policy, PolicyInfo


class RemovesAnother(Policy):
    """Takes another policy out of the run."""

    info = PolicyInfo("removes-another", "Takes another policy out of the run.", "Nothing")

    def __init__(self, parameters: Any = None) -> None:
        super().__init__(parameters)
        frame: Any = sys._getframe()
        while "manager" not in frame.f_locals:
            frame = frame.f_back
        frame.f_locals["manager"].unregister(name="linux-3.10")
