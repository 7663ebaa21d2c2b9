"""Which points of the space of the axes are run: all of a grid, or a sample.

Samples come from SALib (extra ``sensitivity``). A point is a row of shares between 0 and 1, one an
axis; a grid makes its rows when they are asked for, so that its size costs no memory.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from reclaimlab.sweep.values import SweepError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reclaimlab.sweep.axis import Axis

DESIGNS: Final = ("grid", "lhs", "sobol")
MOST_SAMPLES: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Design:
    """The points of a sweep, numbered from 0."""

    name: str
    axes: tuple[Axis, ...]
    rows: tuple[tuple[float, ...], ...] = ()
    """Of a sample; a grid has none."""

    @property
    def points(self) -> int:
        """How many there are."""
        return len(self.rows) if self.name != "grid" else math.prod(a.count for a in self.axes)

    def settings(self, point: int) -> dict[str, str]:
        """Return the value of each axis at a point; in a grid the last axis goes fastest."""
        if self.name != "grid":
            row = self.rows[point]
            return {axis.name: axis.at(share) for axis, share in zip(self.axes, row, strict=True)}
        found = {}
        for axis in reversed(self.axes):
            point, place = divmod(point, axis.count)
            found[axis.name] = axis.value(place)
        return dict(reversed(found.items()))


def make_design(name: str, axes: Sequence[Axis], samples: int, seed: int) -> Design:
    """Return a grid, a Latin hypercube (``lhs``) or a Sobol sequence of ``samples`` points.

    Raises:
        SweepError: two axes are the same, a range has no count, a sample no size, or SALib is
            not installed.
    """
    names = [axis.name for axis in axes]
    twice = next((each for each in names if names.count(each) > 1), None)
    if twice is not None:
        raise SweepError(f"{twice} is varied twice; give all its values in one --vary")
    if name == "grid":
        bare = next((axis for axis in axes if not axis.count), None)
        if bare is not None:
            msg = f"--vary {bare.text!r} has no count; write {bare.text}:5, or --design lhs"
            raise SweepError(msg)
        return Design(name, tuple(axes))
    if not 1 <= samples <= MOST_SAMPLES:
        msg = f"--design {name} needs --samples between 1 and {MOST_SAMPLES}; it is {samples}"
        raise SweepError(msg)
    if not axes:
        raise SweepError(f"--design {name} samples what --vary names; give one at least")
    return Design(name, tuple(axes), _sample(name, len(axes), samples, seed))


def unit_problem(names: Sequence[str]) -> dict[str, Any]:
    """Return SALib's description of a space of shares between 0 and 1."""
    return {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0]] * len(names)}


def need_salib(what: str) -> None:
    """Say how to get SALib if it is not there.

    Raises:
        SweepError: it is not installed.
    """
    from importlib.util import find_spec

    if find_spec("SALib") is None:
        msg = f"{what} needs SALib, which is not installed; pip install 'reclaimlab[sensitivity]'"
        raise SweepError(msg)


def rows_of(array: Any) -> tuple[tuple[float, ...], ...]:
    """Return a SALib array as plain rows."""
    return tuple(tuple(map(float, row)) for row in array)


def _sample(name: str, width: int, samples: int, seed: int) -> tuple[tuple[float, ...], ...]:
    need_salib(f"--design {name}")
    if name == "lhs":
        from SALib.sample import latin

        problem = unit_problem([str(place) for place in range(width)])
        return rows_of(latin.sample(problem, samples, seed=seed))
    from SALib.sample import sobol_sequence

    return rows_of(sobol_sequence.sample(samples, width))
