# /// reclaimlab
# name = "dies-at-import"
# class = "DiesAtImport"
# api = ">=1.0,<2"
# ///
"""Ends the process at import."""

import os

from reclaimlab.policy import Policy, PolicyInfo

os._exit(0)


class DiesAtImport(Policy):
    """Ends the process at import."""

    info = PolicyInfo("dies-at-import", "Ends the process at import.", "Nothing")
