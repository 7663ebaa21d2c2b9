# /// reclaimlab
# name = "patches-at-import"
# class = "PatchesAtImport"
# api = ">=1.0,<2"
# ///
"""Puts a constant of its own into the engine at import."""

from reclaimlab.kernel import costs
from reclaimlab.policy import Policy, PolicyInfo

costs.MAP_EXTENT_NS = 0  # type: ignore[misc]  # that is the crime


class PatchesAtImport(Policy):
    """Puts a constant of its own into the engine at import."""

    info = PolicyInfo(
        "patches-at-import", "Puts a constant of its own into the engine at import.", "Nothing"
    )
