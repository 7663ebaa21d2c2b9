"""Minimal sets of fixes: all of them, and where more fixes do harm."""

from collections.abc import Callable, Iterable
from itertools import combinations
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reclaimlab.measure.records import Verdict
from reclaimlab.runs.executors.inline import InlineExecutor
from reclaimlab.store.sweeps import SweepWriter
from reclaimlab.sweep.ablate import Ablation, ablate
from reclaimlab.sweep.evaluate import Cell, Evaluator
from reclaimlab.sweep.plan import Source
from reclaimlab.sweep.values import SweepError

TINY = Path(__file__).parents[1] / "tiny.toml"
FIXES = ("a", "b", "c", "d")
SETS = [frozenset(each) for size in range(5) for each in combinations(FIXES, size)]
Cures = Callable[[str, frozenset[str]], bool]


class Model:
    """Stands for the runs: a verdict is what a function of scenario and fixes says."""

    def __init__(self, cures: Cures) -> None:
        self._cures = cures
        self.runs: set[Cell] = set()

    def verdicts(self, cells: Iterable[Cell]) -> dict[Cell, Verdict]:
        return {cell: self._verdict(cell) for cell in cells}

    def _verdict(self, cell: Cell) -> Verdict:
        self.runs.add(cell)
        fixes = frozenset(cell.contender.split("+")[1:])
        return Verdict.OK if self._cures(cell.source.name, fixes) else Verdict.DEADLOCK


def answer(cures: Cures, scenarios: tuple[str, ...] = ("one", "two")) -> Ablation:
    sources = {name: Source(name, "") for name in scenarios}
    return ablate("kernel", FIXES, sources, (1,), cast("Evaluator", Model(cures)))


@given(st.lists(st.sampled_from(SETS), min_size=1, max_size=3))
def test_the_minimal_sets_of_a_monotone_cure_are_all_found(
    generators: list[frozenset[str]],
) -> None:
    found = answer(lambda _name, fixes: any(each <= fixes for each in generators))
    minimal = {each for each in generators if not any(other < each for other in generators)}
    assert {frozenset(each.fixes) for each in found.minimal} == minimal
    assert found.harmful == ()


def test_what_a_fix_adds_is_what_breaks_without_it() -> None:
    needs = {"one": "a", "two": "b"}
    found = answer(lambda name, fixes: needs[name] in fixes)
    (minimal,) = found.minimal
    assert minimal.fixes == ("a", "b")
    assert minimal.adds == {
        "a": {"one": Verdict.DEADLOCK},
        "b": {"two": Verdict.DEADLOCK},
    }


def test_a_fix_that_does_harm_is_told_as_not_monotone() -> None:
    found = answer(lambda _name, fixes: "a" in fixes and "d" not in fixes)
    assert [each.fixes for each in found.minimal] == [("a",)]
    assert ("a", "d") in [each.fixes for each in found.harmful]


def test_without_a_sufficient_set_each_fix_is_told_alone() -> None:
    found = answer(lambda _name, _fixes: False)
    assert found.minimal == ()
    assert found.tried == found.subsets == 16
    assert [each.fixes for each in found.best] == [("a",), ("b",), ("c",), ("d",)]


def test_too_many_fixes_are_refused() -> None:
    with pytest.raises(SweepError, match=r"17 fixes have 2\^17 sets"):
        ablate("k", [str(place) for place in range(17)], {}, (1,), cast("Evaluator", None))


def test_real_runs_are_stored_and_answered_from_the_store(tmp_path: Path) -> None:
    source = {"tiny": Source.read(str(TINY), ["duration=100ms"])}
    fixes = ("may-enter-fs", "memalloc-noio")
    ran = []
    for _ in range(2):
        with InlineExecutor() as executor, SweepWriter(tmp_path / "a.db") as writer:
            evaluator = Evaluator(writer, executor, lambda _tally: None)
            found = ablate("linux-3.10", fixes, source, (1, 2), evaluator)
            ran.append(evaluator.tally.ran)
    assert [each.fixes for each in found.minimal] == [()]
    assert ran[0] > 0
    assert ran[1] == 0
