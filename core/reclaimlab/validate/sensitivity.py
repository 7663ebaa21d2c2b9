"""How much each calibrated constant matters, and whether the choice holds for kinds left out."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Final

from reclaimlab.validate.batch import NO_CHANGE, validate_all
from reclaimlab.validate.compare import Result, Summary, summarise
from reclaimlab.validate.constants import constants
from reclaimlab.validate.quantities import QUANTITIES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

FACTORS: Final = (0.8, 1.2)
SCORED: Final = (
    "device_throughput",
    "dirty_and_writeback_plateau",
    "longest_stall",
    "write_latency_p99",
    "oom_time",
)
"""Numbers that a recording's score is the mean error of; each counts as at most 1."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What the errors come to with one constant at ``factor`` times its value.

    Attributes:
        scores: recording -> mean of its errors (see SCORED); 1 if its verdict is wrong.
    """

    constant: str
    value: int
    factor: float
    before: Summary
    after: Summary
    scores: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One kind of recordings left out, and the one change that the others would make.

    Attributes:
        constant, factor: that change; empty and 1 if they would make none.
        others, own: mean score of the others and of the kind left out: as it is, and changed.
    """

    kind: str
    n: int
    constant: str
    factor: float
    others: tuple[float, float]
    own: tuple[float, float]


def planned() -> int:
    """Return how many passes over the recordings :func:`sensitivity` makes."""
    return 1 + len(FACTORS) * len(constants())


def sensitivity(
    folders: Sequence[Path], *, jobs: int = 1, told: Callable[[str], None] = lambda _: None
) -> Iterator[Effect]:
    """Yield the effect of each constant a fifth smaller and larger, after that of no change.

    ``told`` is called when a pass over ``folders`` has ended.
    """
    results = list(validate_all(folders, jobs=jobs))
    before = summarise(results)
    told("as they are")
    yield Effect("", 0, 1.0, before, before, _scores(results))
    for name, value in constants().items():
        for factor in FACTORS:
            changed = {**NO_CHANGE, name: round(value * factor)}
            results = list(validate_all(folders, jobs=jobs, constants=changed))
            told(f"{name} times {factor:g}")
            yield Effect(name, value, factor, before, summarise(results), _scores(results))


def leave_one_kind_out(effects: Sequence[Effect]) -> Iterator[LeftOut]:
    """Yield, for each kind of recordings, the change that the other kinds gain most by."""
    plain = effects[0]
    for kind in dict.fromkeys(map(kind_of, plain.scores)):
        own = [run for run in plain.scores if kind_of(run) == kind]
        others = [run for run in plain.scores if kind_of(run) != kind]
        if not others:
            continue
        best = min(effects, key=lambda effect: (_mean(effect, others), effect is not plain))
        yield LeftOut(
            kind, len(own), best.constant, best.factor,
            (_mean(plain, others), _mean(best, others)), (_mean(plain, own), _mean(best, own)),
        )  # fmt: skip


def kind_of(run: str) -> str:
    """Return the kind of a recording: the first part of its name."""
    return run.split("_", 1)[0]


def _mean(effect: Effect, runs: Sequence[str]) -> float:
    return fmean(effect.scores[run] for run in runs)


def _scores(results: Sequence[Result]) -> dict[str, float]:
    return {result.run: _score(result) for result in results}


def _score(result: Result) -> float:
    if not result.kill_is_right:
        return 1.0
    errors = [
        min(abs(error) - (QUANTITIES[name].error == "factor"), 1.0)
        for name in SCORED
        if (error := result.error(name)) is not None
    ]
    return fmean(errors) if errors else 0.0
