"""The boundary is found where it is, with few runs, and doubt is told."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reclaimlab.measure.records import Verdict
from reclaimlab.runs.executors.processes import ProcessExecutor
from reclaimlab.store.sweeps import SweepWriter
from reclaimlab.sweep.axis import parse_axis
from reclaimlab.sweep.boundary import Question, find_boundary
from reclaimlab.sweep.evaluate import Cell, Evaluator
from reclaimlab.sweep.plan import Source
from reclaimlab.sweep.values import SweepError
from reclaimlab.units import MIB, parse_bytes

TINY = Source.read(str(Path(__file__).parents[1] / "tiny.toml"))
KERNEL = "linux-3.10"


class Model:
    """Stands for the runs: a verdict is what a function of the limit and the seed says."""

    def __init__(self, survives: Callable[[int, int], bool]) -> None:
        self._survives = survives
        self.runs = 0

    def verdicts(self, cells: Iterable[Cell]) -> dict[Cell, Verdict]:
        wanted = list(cells)
        self.runs += len(wanted)
        return {cell: self._verdict(cell) for cell in wanted}

    def _verdict(self, cell: Cell) -> Verdict:
        limit = parse_bytes(dict(cell.settings)["memcg.box.limit"])
        return Verdict.OK if self._survives(limit, cell.seed) else Verdict.OOM


def question(*, seeds: int = 1, find: str = "8M..264M", tolerance: float = 2 * MIB) -> Question:
    axis = parse_axis(f"memcg.box.limit={find}", TINY.text, "tiny", (KERNEL,))
    return Question(TINY, KERNEL, axis, (), tuple(range(1, seeds + 1)), tolerance)


def search(asked: Question, survives: Callable[[int, int], bool]) -> tuple[Model, list[object]]:
    model = Model(survives)
    return model, list(find_boundary(asked, cast("Evaluator", model)))


@given(edge=st.integers(9 * MIB, 263 * MIB))
def test_a_monotone_edge_is_found_within_the_tolerance_with_few_runs(edge: int) -> None:
    asked = question()
    model = Model(lambda limit, _seed: limit >= edge)
    (found,) = find_boundary(asked, cast("Evaluator", model))
    assert found.low is not None
    assert found.high is not None
    assert found.low - 4096 <= edge <= found.high + 4096
    assert found.high - found.low <= 2 * MIB
    assert model.runs <= 0.15 * asked.grid_runs()


def test_seeds_that_disagree_widen_the_interval() -> None:
    model = Model(lambda limit, seed: limit >= (60 + 10 * seed) * MIB)
    (found,) = find_boundary(question(seeds=3), cast("Evaluator", model))
    assert found.low is not None
    assert found.high is not None
    assert found.low <= 70 * MIB
    assert found.high >= 90 * MIB


def test_a_seed_that_never_fails_leaves_the_low_side_open() -> None:
    model = Model(lambda limit, seed: seed == 2 or limit >= 70 * MIB)
    (found,) = find_boundary(question(seeds=2), cast("Evaluator", model))
    assert (found.low, found.flips) == (8 * MIB, 1)
    assert found.high is not None
    assert 70 * MIB - 4096 <= found.high <= 72 * MIB


def test_an_island_that_a_probe_meets_is_told_and_the_upper_edge_given() -> None:
    model = Model(lambda limit, _seed: limit >= 150 * MIB or 60 * MIB <= limit < 90 * MIB)
    (found,) = find_boundary(question(), cast("Evaluator", model))
    assert found.flips == 3
    assert found.high is not None
    assert 150 * MIB - 4096 <= found.high <= 152 * MIB


@pytest.mark.parametrize("island", [151, 153, 155])
def test_an_island_right_above_the_edge_moves_the_threshold_above_it(island: int) -> None:
    model = Model(
        lambda limit, _seed: limit >= 150 * MIB and not island * MIB <= limit < (island + 2) * MIB
    )
    asked = question()
    (found,) = find_boundary(asked, cast("Evaluator", model))
    assert found.high is not None
    assert (island + 2) * MIB - 4096 <= found.high <= (island + 4) * MIB
    assert model.runs <= 0.15 * asked.grid_runs()


@pytest.mark.parametrize(("survives", "low", "high"), [(True, None, 8 * MIB), (False, 264, None)])
def test_a_range_without_an_edge_says_on_which_side_it_is(
    survives: bool, low: int | None, high: int | None
) -> None:
    (found,) = find_boundary(question(), cast("Evaluator", Model(lambda _limit, _seed: survives)))
    assert (found.low, found.high, found.middle) == (low and low * MIB, high, None)


def test_a_tolerance_wider_than_the_range_is_refused() -> None:
    with pytest.raises(SweepError, match="the tolerance is 1GiB"):
        question(tolerance=1024 * MIB).check()


@pytest.mark.slow
def test_the_survival_threshold_of_xfs_on_linux_6_18_is_that_of_the_grid(tmp_path: Path) -> None:
    source = Source.read("a_seq_xfs_20MBps_32M_r1", ["duration=3s"])
    name = "linux-6.18"
    axis = parse_axis("memcg.box.limit=40M..232M", source.text, "xfs", (name,))
    over = parse_axis("device.sda.nr_requests=64,128", source.text, "xfs", (name,))
    asked = Question(source, name, axis, (over,), (1,), 2 * MIB)
    with ProcessExecutor(2) as executor, SweepWriter(tmp_path / "a.db") as writer:
        evaluator = Evaluator(writer, executor, lambda _tally: None)
        curve = find_boundary(asked, evaluator)
        spent = evaluator.tally.ran
        for found in curve:
            assert found.low is not None
            assert found.high is not None
            # What a grid would say near the edge: it fails below and survives above.
            cells = [
                Cell(source, (*found.place, ("memcg.box.limit", str(round(limit)))), name, 1)
                for limit in (found.low - 2 * MIB, found.high + 2 * MIB, found.high + 4 * MIB)
            ]
            verdicts = evaluator.verdicts(cells)
            assert [verdicts[cell] is Verdict.OK for cell in cells] == [False, True, True]
    assert spent <= 0.15 * asked.grid_runs()
    shallow, deep = (found.middle for found in curve)
    assert shallow is not None
    assert deep is not None
    assert shallow < deep  # a deeper queue holds more pages under writeback
