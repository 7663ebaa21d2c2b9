"""cgroup v1 against v2: the differences that two recordings show, and those of their runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reclaimlab.validate.compare import Result

COMPARED: Final = ("dirty_and_writeback_plateau", "dirty_plateau", "longest_stall")
NOISE: Final = 0.10
"""Two measured numbers closer than this share of the larger do not differ: repeats do as much."""


@dataclass(frozen=True, slots=True)
class Sign:
    """One difference of a pair of recordings that are alike but for the hierarchy."""

    pair: str
    name: str
    measured: str
    simulated: str

    @property
    def is_right(self) -> bool:
        """Whether the runs differ the same way."""
        return self.measured == self.simulated


def signs(results: Iterable[Result]) -> Iterator[Sign]:
    """Yield every difference that is beyond noise in the recordings."""
    found: dict[str, dict[str, Result]] = {}
    for result in results:
        if f"_{result.cgroup}_" in result.run:
            alike = result.run.replace(f"_{result.cgroup}_", "_")
            found.setdefault(alike, {})[result.cgroup] = result
    for alike, both in found.items():
        if len(both) == 2:
            yield from _signs_of(alike, both["v1"], both["v2"])


def _signs_of(pair: str, v1: Result, v2: Result) -> Iterator[Sign]:
    for name in COMPARED:
        one, two = v1.number(name), v2.number(name)
        if one is None or two is None:
            continue
        measured = _sign(one.measured, two.measured)
        if measured:
            ours = _sign(one.simulated or 0.0, two.simulated or 0.0)
            yield Sign(pair, name, measured, ours or "alike")
    functions = (v1.blocking[0], v2.blocking[0]), (v1.blocking[1], v2.blocking[1])
    if functions[0][0] != functions[0][1]:
        yield Sign(pair, "blocking_function", *(" to ".join(each) for each in functions))


def _sign(one: float, two: float) -> str:
    if abs(two - one) <= NOISE * max(abs(one), abs(two)):
        return ""
    return "more on v2" if two > one else "less on v2"
