"""What is asked of an exploration, and the errors that are the user's to act on."""

from __future__ import annotations

from reclaimlab.errors import ReclaimlabError


class UnexplorableError(ReclaimlabError):
    """A scenario that cannot be explored: it draws dice, or a step of it never ends."""
