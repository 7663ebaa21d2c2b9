# /// reclaimlab
# name = "of-the-future"
# class = "OfTheFuture"
# api = ">=2.0,<3"
# ///
"""Written for an API that is not there yet."""

from reclaimlab.policy import Policy, PolicyInfo


class OfTheFuture(Policy):
    """Written for an API that is not there yet."""

    info = PolicyInfo("of-the-future", "Written for an API that is not there yet.", "Nothing")
