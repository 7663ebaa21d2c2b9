# /// reclaimlab
# name = "raises-at-construction"
# class = "RaisesAtConstruction"
# api = ">=1.0,<2"
# ///
"""Raises when it is made."""

from typing import Any

from reclaimlab.policy import Policy, PolicyInfo


class RaisesAtConstruction(Policy):
    """Raises when it is made."""

    info = PolicyInfo("raises-at-construction", "Raises when it is made.", "Nothing")

    def __init__(self, parameters: Any = None) -> None:
        raise RuntimeError("not today")
