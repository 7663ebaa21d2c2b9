"""How much each calibrated constant matters: the errors with it halved and doubled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reclaimlab.kernel import costs
from reclaimlab.validate.batch import validate_all
from reclaimlab.validate.compare import Summary, summarise

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Effect:
    """What the errors come to with one constant at ``factor`` times its value."""

    constant: str
    value: int
    factor: float
    before: Summary
    after: Summary


def constants() -> dict[str, int]:
    """Return the calibrated constants of kernel/costs.py: name -> value in ns."""
    return {
        name: value
        for name, value in vars(costs).items()
        if name.isupper() and isinstance(value, int)
    }


def sensitivity(folders: Sequence[Path], *, jobs: int = 1) -> Iterator[Effect]:
    """Yield the effect of halving and of doubling each constant on the errors over ``folders``."""
    before = _summary(folders, {}, jobs)
    for name, value in constants().items():
        for factor in (0.5, 2.0):
            after = _summary(folders, {name: round(value * factor)}, jobs)
            yield Effect(name, value, factor, before, after)


def _summary(folders: Sequence[Path], changed: Mapping[str, int], jobs: int) -> Summary:
    return summarise(validate_all(folders, jobs=jobs, constants=changed))
