"""Other values for calibrated constants, for the runs of this process."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from reclaimlab.kernel import costs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@contextmanager
def changed_constants(changed: Mapping[str, int]) -> Iterator[None]:
    """Let runs in this process use other constants while inside."""
    before = {name: getattr(costs, name) for name in changed}
    try:
        for name, value in changed.items():
            setattr(costs, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(costs, name, value)
