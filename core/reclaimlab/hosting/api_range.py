"""Which versions of the plugin API a plugin works with: ``>=1.0,<2``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

Version = tuple[int, int]

_TERM: Final = re.compile(r"(>=|<)\s*(\d+)(?:\.(\d+))?")


@dataclass(frozen=True, slots=True)
class ApiRange:
    """From ``low`` on, below ``high``."""

    low: Version
    high: Version

    def __contains__(self, version: Version) -> bool:
        return self.low <= version < self.high

    def __str__(self) -> str:
        return f">={_spelt(self.low)},<{_spelt(self.high)}"


def api_range(said: object) -> ApiRange:
    """Return the range that a plugin states: a pair ``(1, 0)`` is all of 1 from 1.0 on.

    Raises:
        ValueError: it is neither a pair of numbers nor a text such as ``>=1.0,<2``.
    """
    if isinstance(said, tuple) and len(said) == 2 and all(type(each) is int for each in said):
        return ApiRange((said[0], said[1]), (said[0] + 1, 0))
    terms = [_TERM.fullmatch(term.strip()) for term in str(said).split(",")]
    bounds = {term[1]: (int(term[2]), int(term[3] or 0)) for term in terms if term}
    if not isinstance(said, str) or len(bounds) != len(terms) or ">=" not in bounds:
        msg = f"api is {said!r}; the rule is a pair such as (1, 0) or a text such as '>=1.0,<2'"
        raise ValueError(msg)
    low = bounds[">="]
    return ApiRange(low, bounds.get("<", (low[0] + 1, 0)))


def _spelt(version: Version) -> str:
    return f"{version[0]}.{version[1]}"
