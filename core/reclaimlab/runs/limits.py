"""What one run of somebody else's plugin may use, before its process is ended.

Runs of our own policies have no limit of time: how long they take is the machine's affair.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from typing import Final

from reclaimlab.errors import ReclaimlabError, did_you_mean
from reclaimlab.units import GIB, MIB, SEC, UnitError, parse_bytes, parse_time

VARIABLE: Final = "RECLAIMLAB_LIMITS"
"""``time=1h,stuck=60s,memory=4GiB,output=1MiB``: any of them."""


class LimitError(ReclaimlabError):
    """The variable of the limits cannot be read."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Real time in ns, memory and output in bytes."""

    time: int = 3600 * SEC
    """For one run."""
    stuck: int = 60 * SEC
    """Between two samples of one run: a hook that never returns gives no other sign."""
    memory: int = 4 * GIB
    """Address space of a process that simulates; more raises MemoryError where it is asked for."""
    output: int = MIB
    """What one run may print."""

    @classmethod
    def from_environment(cls) -> Limits:
        """Return the limits that :data:`VARIABLE` sets, over the usual ones.

        Raises:
            LimitError: an unknown name, or a value that is no quantity.
        """
        known = [field.name for field in fields(cls)]
        values: dict[str, int] = {}
        for term in filter(None, os.environ.get(VARIABLE, "").split(",")):
            name, _, text = (part.strip() for part in term.partition("="))
            if name not in known:
                raise LimitError(f"{VARIABLE}: {did_you_mean(name, known, what='limits')}")
            try:
                read = parse_time if name in ("time", "stuck") else parse_bytes
                values[name] = read(text)
            except UnitError as error:
                raise LimitError(f"{VARIABLE}: {name}: {error}") from None
        return cls(**values)
