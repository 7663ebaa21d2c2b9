# /// reclaimlab
# name = "imports-slowly"
# class = "ImportsSlowly"
# api = ">=1.0,<2"
# ///
"""Sleeps at import."""

import time

from reclaimlab.policy import Policy, PolicyInfo

time.sleep(60)


class ImportsSlowly(Policy):
    """Sleeps at import."""

    info = PolicyInfo("imports-slowly", "Sleeps at import.", "Nothing")
