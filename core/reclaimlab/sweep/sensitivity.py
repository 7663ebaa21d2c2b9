"""Which values drive a metric: Morris screening and Sobol indices, both SALib's.

The design is a sweep like any other, so it is resumed, spread and stored as one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from reclaimlab.sweep.design import MOST_SAMPLES, Design, need_salib, rows_of, unit_problem
from reclaimlab.sweep.values import SweepError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reclaimlab.sweep.axis import Axis

METHODS: Final = ("morris", "sobol")
_LEVELS: Final = 4


@dataclass(frozen=True, slots=True)
class Effect:
    """What one axis does to the metric."""

    axis: str
    total: float
    """Morris: mean absolute elementary effect over the whole range (mu*), in the metric's unit.
    Sobol: total index ST, the share of the variance with all interactions."""
    total_ci95: float
    other: float
    """Morris: sigma, spread of the effects: interactions and curvature. Sobol: S1, the share alone.
    """
    other_ci95: float | None


def make_sensitivity_design(method: str, axes: Sequence[Axis], samples: int, seed: int) -> Design:
    """Return the points of a Morris screening or of Saltelli's scheme for Sobol indices.

    Args:
        method: ``morris`` (``samples`` trajectories) or ``sobol`` (``samples`` base points).
        axes: what is varied; over a range or a list.
        samples: see above; for ``sobol`` a power of two.
        seed: of the design.

    Raises:
        SweepError: no axis, a bad number of samples, or SALib is not installed.
    """
    need_salib("sensitivity")
    if len(axes) < 2:
        raise SweepError("sensitivity weighs values against each other; give two --vary at least")
    if not 2 <= samples <= MOST_SAMPLES // (len(axes) + 2):
        raise SweepError(f"--samples is {samples}; it is 2 to {MOST_SAMPLES // (len(axes) + 2)}")
    if method == "sobol" and samples & (samples - 1):
        near = 1 << samples.bit_length()
        raise SweepError(f"--samples is {samples}; for sobol a power of two, such as {near}")
    problem = unit_problem([axis.name for axis in axes])
    if method == "morris":
        from SALib.sample import morris

        array = morris.sample(problem, samples, num_levels=_LEVELS, seed=seed)
    else:
        from SALib.sample import sobol

        array = sobol.sample(problem, samples, calc_second_order=False, seed=seed)
    return Design(method, tuple(axes), rows_of(array))


def effects(design: Design, values: Mapping[int, float], seed: int) -> list[Effect]:
    """Return what each axis does, the strongest first.

    Args:
        design: what :func:`make_sensitivity_design` made.
        values: point -> the metric there.
        seed: of the resampling that gives the intervals.

    Raises:
        SweepError: a point has no value, or the metric is the same everywhere.
    """
    import numpy as np

    missing = [point for point in range(design.points) if not _is_number(values.get(point))]
    if missing:
        msg = (
            f"the metric does not apply at {len(missing)} of {design.points} points, the first with"
            f" {design.settings(missing[0])}; choose another --metric, such as writer_throughput"
        )
        raise SweepError(msg)
    found = np.array([values[point] for point in range(design.points)])
    if float(found.max()) == float(found.min()):
        msg = f"the metric is {found[0]:g} at every point: nothing drives it in these ranges"
        raise SweepError(msg)
    names = [axis.name for axis in design.axes]
    told = _analysed(design, names, found, seed)
    return sorted(told, key=lambda effect: -effect.total)


def _is_number(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _analysed(design: Design, names: list[str], found: Any, seed: int) -> list[Effect]:
    import numpy as np

    problem = unit_problem(names)
    if design.name == "morris":
        from SALib.analyze import morris

        said = morris.analyze(problem, np.array(design.rows), found, num_levels=_LEVELS, seed=seed)
        columns = (said["mu_star"], said["mu_star_conf"], said["sigma"])
        return [
            Effect(name, float(a), float(b), float(c), None)
            for name, a, b, c in zip(names, *columns, strict=True)
        ]
    from SALib.analyze import sobol

    said = sobol.analyze(problem, found, calc_second_order=False, seed=seed)
    quads = (said["ST"], said["ST_conf"], said["S1"], said["S1_conf"])
    return [
        Effect(name, float(a), float(b), float(c), float(d))
        for name, a, b, c, d in zip(names, *quads, strict=True)
    ]
