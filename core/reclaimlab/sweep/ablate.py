"""Which of these fixes are needed: the minimal sets that make every scenario ``ok``.

Sets are tried from the smallest up. A set that holds a sufficient one is not tried: that more fixes
do no harm is the assumption that saves most of the runs, and it is tested afterwards, on each
minimal set with one fix more and on all fixes together.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Final

from reclaimlab.measure.records import Verdict
from reclaimlab.sweep.evaluate import Cell
from reclaimlab.sweep.plan import MOST_RUNS
from reclaimlab.sweep.values import SweepError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reclaimlab.sweep.evaluate import Evaluator
    from reclaimlab.sweep.plan import Source

MOST_FIXES: Final = 16
FixSet = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trial:
    """A set of fixes over the kernel, and what it came to on the scenarios that were run."""

    fixes: FixSet
    verdicts: Mapping[str, Verdict]
    """Scenario -> the worst verdict of its seeds; a set is given up at the first that is not ok."""

    @property
    def is_sufficient(self) -> bool:
        """Every scenario that was run is ok."""
        return all(verdict is Verdict.OK for verdict in self.verdicts.values())

    def bad(self) -> dict[str, Verdict]:
        """Return the scenarios that are not ok."""
        return {name: each for name, each in self.verdicts.items() if each is not Verdict.OK}


@dataclass(frozen=True, slots=True)
class Minimal:
    """A sufficient set without a superfluous fix."""

    fixes: FixSet
    adds: Mapping[str, Mapping[str, Verdict]]
    """Fix -> what the scenarios come to without it, where that is not ok."""


@dataclass(frozen=True, slots=True)
class Ablation:
    """Which of the fixes are needed."""

    minimal: tuple[Minimal, ...]
    tried: int
    subsets: int
    none: Trial
    """The kernel alone."""
    harmful: tuple[Trial, ...]
    """Sets that hold a minimal one and are not sufficient: more fixes did harm there."""
    best: tuple[Trial, ...]
    """Where no set is sufficient: what each fix alone leaves."""


class _Ablation:
    def __init__(
        self,
        kernel: str,
        fixes: Sequence[str],
        sources: Mapping[str, Source],
        seeds: Sequence[int],
        evaluator: Evaluator,
    ) -> None:
        self._kernel = kernel
        self._fixes = tuple(fixes)
        self._sources = dict(sources)
        self._seeds = tuple(seeds)
        self._evaluator = evaluator
        self._trials: dict[FixSet, Trial] = {}

    def minimal_sets(self) -> list[FixSet]:
        found: list[FixSet] = []
        for size in range(len(self._fixes) + 1):
            level = [
                chosen
                for chosen in combinations(self._fixes, size)
                if not any(set(each) <= set(chosen) for each in found)
            ]
            self._try(level)
            found += [each for each in level if self._trials[each].is_sufficient]
        return found

    def result(self) -> Ablation:
        found = self.minimal_sets()
        searched = len(self._trials)
        # What each fix adds is told scenario by scenario, so none may have been left out.
        self._whole([_without(each, fix) for each in found for fix in each])
        self._whole([(), *((fix,) for fix in self._fixes)] if not found else [()])
        above = {self._ordered((*each, fix)) for each in found for fix in self._fixes}
        above |= {self._fixes} if found else set()
        larger = sorted(above - set(found))
        self._whole(larger)
        minimal = [
            Minimal(each, {fix: self._trials[_without(each, fix)].bad() for fix in each})
            for each in found
        ]
        return Ablation(
            minimal=tuple(minimal),
            tried=searched,
            subsets=1 << len(self._fixes),
            none=self._trials[()],
            harmful=tuple(self._trials[e] for e in larger if not self._trials[e].is_sufficient),
            best=() if found else tuple(self._trials[(fix,)] for fix in self._fixes),
        )

    def _ordered(self, chosen: Iterable[str]) -> FixSet:
        return tuple(fix for fix in self._fixes if fix in set(chosen))

    def _try(self, level: Sequence[FixSet]) -> None:
        """Run sets scenario by scenario; one that is not ok at a scenario is run no further."""
        verdicts: dict[FixSet, dict[str, Verdict]] = {chosen: {} for chosen in level}
        left = list(level)
        for name in self._sources:
            told = self._run(left, name)
            for chosen in left:
                verdicts[chosen][name] = told[chosen]
            left = [chosen for chosen in left if told[chosen] is Verdict.OK]
        self._trials |= {chosen: Trial(chosen, found) for chosen, found in verdicts.items()}

    def _whole(self, sets: Sequence[FixSet]) -> None:
        """Run sets on every scenario."""
        told = {name: self._run(sets, name) for name in self._sources}
        for chosen in sets:
            self._trials[chosen] = Trial(chosen, {name: told[name][chosen] for name in told})

    def _run(self, sets: Sequence[FixSet], name: str) -> dict[FixSet, Verdict]:
        cells = {
            chosen: [
                Cell(self._sources[name], (), "+".join((self._kernel, *chosen)), seed)
                for seed in self._seeds
            ]
            for chosen in sets
        }
        verdicts = self._evaluator.verdicts(cell for each in cells.values() for cell in each)
        return {
            chosen: min((verdicts[cell] for cell in each), key=lambda verdict: verdict.severity)
            for chosen, each in cells.items()
        }


def _without(chosen: FixSet, fix: str) -> FixSet:
    return tuple(each for each in chosen if each != fix)


def check_size(fixes: Sequence[str], sources: Mapping[str, Source], seeds: Sequence[int]) -> None:
    """Refuse what is too much to try.

    Raises:
        SweepError: too many fixes or runs, or no fix.
    """
    if not 1 <= len(fixes) <= MOST_FIXES:
        msg = f"{len(fixes)} fixes have 2^{len(fixes)} sets; name 1 to {MOST_FIXES} with --fix"
        raise SweepError(msg)
    runs = len(sources) * len(seeds)
    if runs > MOST_RUNS:
        msg = (
            f"a single set of fixes takes {runs} runs ({len(sources)} scenarios x {len(seeds)} "
            f"seeds), over the limit of {MOST_RUNS}; give fewer --seeds"
        )
        raise SweepError(msg)


def ablate(
    kernel: str,
    fixes: Sequence[str],
    sources: Mapping[str, Source],
    seeds: Sequence[int],
    evaluator: Evaluator,
) -> Ablation:
    """Return the minimal sets of ``fixes`` over ``kernel`` that make every scenario ok.

    Args:
        kernel: what the fixes are put over.
        fixes: each as a contender writes it; a set keeps this order.
        sources: the scenarios, by the name they are told by.
        seeds: a scenario is ok when it is so with each.
        evaluator: where the runs are made.

    Raises:
        SweepError: too many fixes or runs, or no fix.
        StoppedError, RunsFailedError: as :meth:`Evaluator.verdicts`.
    """
    check_size(fixes, sources, seeds)
    return _Ablation(kernel, fixes, sources, seeds, evaluator).result()
