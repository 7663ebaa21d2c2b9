"""A sweep over two of its parameters: the worst verdict at each pair of values."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from reclaimlab.measure.records import Verdict
from reclaimlab_gui.models.heat_map import Heat, Spot

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reclaimlab.store.sweeps import SweepRun

FAILED: Final = "failed"


def parameters(runs: Iterable[SweepRun]) -> tuple[str, ...]:
    """Return the parameters that take more than one value; those that take most come first."""
    values: dict[str, set[str]] = {}
    for run in runs:
        for name, value in run.settings.items():
            values.setdefault(name, set()).add(value)
    varied = [name for name, found in values.items() if len(found) > 1]
    return tuple(sorted(varied, key=lambda name: (-len(values[name]), name)))


def sweep_heat(runs: Sequence[SweepRun], across: str, down: str) -> Heat:
    """Return the heat map of ``runs`` (of one contender); values in the order they were planned.

    An empty ``down`` makes one line of all points.
    """
    places: dict[tuple[str, str], list[SweepRun]] = {}
    for run in runs:
        places.setdefault((_named(run, down), _named(run, across)), []).append(run)
    return Heat(
        tuple(dict.fromkeys(line for line, _ in places)),
        tuple(dict.fromkeys(column for _, column in places)),
        {place: _spot(place, found) for place, found in places.items()},
    )


def _named(run: SweepRun, parameter: str) -> str:
    return f"{parameter} = {run.settings.get(parameter, '')}" if parameter else "all points"


def _spot(place: tuple[str, str], runs: Sequence[SweepRun]) -> Spot:
    counted = Counter(run.verdict or FAILED for run in runs)
    worst = next((str(each) for each in Verdict if counted[str(each)]), FAILED)
    told = ", ".join(f"{verdict} {count}" for verdict, count in counted.most_common())
    tip = f"{place[0]}, {place[1]}\n{told} of {len(runs)} runs"
    return Spot(worst, f"{worst} {counted[worst]}/{len(runs)}", tip)
