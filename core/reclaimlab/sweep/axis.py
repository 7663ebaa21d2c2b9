"""One axis of a sweep: ``PATH=a,b,c``, ``PATH=LOW..HIGH:N`` or ``PATH=LOW..HIGH:N:log``."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reclaimlab.sweep.values import Kind, SweepError, kind_of

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Axis:
    """A value that is varied, and over what."""

    name: str
    text: str
    """As it was given."""
    kind: Kind
    values: tuple[str, ...] = ()
    """The values of a list; empty for a range."""
    low: float = 0.0
    high: float = 0.0
    steps: int = 0
    """Values of a range, both ends among them; 0 if it is only sampled."""
    is_log: bool = False

    @property
    def count(self) -> int:
        """How many values it has in a grid."""
        return len(self.values) or self.steps

    def value(self, place: int) -> str:
        """Return one value of the grid, as text for the scenario."""
        if self.values:
            return self.values[place]
        return self.at(place / (self.steps - 1) if self.steps > 1 else 0.0)

    def at(self, share: float) -> str:
        """Return the value ``share`` (0 to 1) of the way from the low end to the high one."""
        if self.values:
            return self.values[min(int(share * len(self.values)), len(self.values) - 1)]
        return self.kind.write(self.number_at(share))

    def number_at(self, share: float) -> float:
        """As :meth:`at`, in bytes, bytes/s, ns or a bare number."""
        if self.is_log:
            return math.exp(math.log(self.low) + share * (math.log(self.high) - math.log(self.low)))
        return self.low + share * (self.high - self.low)


def parse_axis(text: str, scenario_text: str, source: str, contenders: Sequence[str]) -> Axis:
    """Return the axis that ``text`` writes.

    Raises:
        SweepError: no such value, an empty list, or a range that is none.
    """
    name, equals, over = (part.strip() for part in text.partition("="))
    if not equals or not name:
        msg = f"--vary {text!r} is no axis; write PATH=a,b,c or PATH=LOW..HIGH:COUNT"
        raise SweepError(msg)
    kind = kind_of(name, scenario_text, source, contenders)
    if ".." not in over:
        values = tuple(filter(None, (part.strip() for part in over.split(","))))
        if not values:
            msg = f"--vary {text!r} has no value, so the grid is empty; write {name}=a,b,c"
            raise SweepError(msg)
        return Axis(name, text, kind, tuple(dict.fromkeys(values)))
    return _range(name, text, over, kind)


def _range(name: str, text: str, over: str, kind: Kind) -> Axis:
    ends, *rest = over.split(":")
    low_text, _, high_text = ends.partition("..")
    is_log = bool(rest) and rest[-1].strip() == "log"
    counts = rest[:-1] if is_log else rest
    try:
        low, high = kind.read(low_text.strip()), kind.read(high_text.strip())
        steps = int(counts[0]) if counts else 0
    except ValueError as error:
        msg = f"--vary {text!r}: {error}; a range is LOW..HIGH:COUNT or LOW..HIGH:COUNT:log"
        raise SweepError(msg) from None
    problem = ""
    if len(counts) > 1:
        problem = f"{':'.join(rest)!r} stands where a count, then perhaps 'log', is expected"
    elif low >= high:
        problem = f"it begins at {low_text}, which is not below its end {high_text}"
    elif counts and steps < 1:
        problem = f"it has {steps} values, so the grid is empty"
    elif is_log and low <= 0:
        problem = f"a logarithmic range cannot begin at {low_text}"
    if problem:
        msg = f"--vary {text!r}: {problem}; a range is LOW..HIGH:COUNT or LOW..HIGH:COUNT:log"
        raise SweepError(msg)
    return Axis(name, text, kind, low=low, high=high, steps=steps, is_log=is_log)
