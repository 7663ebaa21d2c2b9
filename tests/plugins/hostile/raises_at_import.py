# /// reclaimlab
# name = "raises-at-import"
# class = "RaisesAtImport"
# api = ">=1.0,<2"
# ///
"""Raises at import."""

from reclaimlab.policy import Policy, PolicyInfo

raise RuntimeError("no import today")


class RaisesAtImport(Policy):
    """Raises at import."""

    info = PolicyInfo("raises-at-import", "Raises at import.", "Nothing")
