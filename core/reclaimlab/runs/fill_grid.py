"""Filling a grid: the runs its cells still lack, and each cell put in as soon as it is whole."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reclaimlab.runs.events import Observer, event_of
from reclaimlab.runs.grid import Case, Cell, Grid, blank_cell, contenders_of
from reclaimlab.runs.pool import run_all
from reclaimlab.runs.run import RunRequest, Stop, never
from reclaimlab.scenarios.reader import scenario_hash, scenario_toml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from reclaimlab.store.records import RunRecord


@dataclass(frozen=True, slots=True)
class Missing:
    """The runs that a cell still lacks."""

    cell: Cell
    requests: tuple[RunRequest, ...]


def missing_runs(
    grid: Grid, cases: Iterable[Case], contenders: Sequence[str], seeds: int
) -> list[Missing]:
    """Return what is to be run so that each cell has ``seeds`` verdicts, numbered through.

    A cell of ``grid`` whose hashes are today's keeps its verdicts and lacks only the rest.

    Raises:
        ContenderError: a contender cannot be read.
    """
    found: list[Missing] = []
    number = 0
    for case in cases:
        scenario = case.load()
        text, digest = scenario_toml(scenario), scenario_hash(scenario)
        for contender in contenders_of(scenario, contenders):
            cell = _kept(grid, blank_cell(case, scenario, contender))
            wanted = range(len(cell.verdicts) + 1, seeds + 1)
            requests = tuple(
                RunRequest(number + place, case.name, text, digest, cell.contender, seed)
                for place, seed in enumerate(wanted)
            )
            number += len(requests)
            if requests:
                found.append(Missing(cell, requests))
    return found


def _kept(grid: Grid, blank: Cell) -> Cell:
    cell = grid.get(blank.case, blank.contender)
    if cell is None or cell.errors:
        return blank
    return cell if dataclasses.replace(cell, verdicts=()) == blank else blank


def fill_grid(
    grid: Grid,
    missing: Sequence[Missing],
    *,
    jobs: int = 1,
    observers: Iterable[Observer] = (),
    stop: Stop = never,
    cell_done: Callable[[Grid], None],
) -> bool:
    """Run what is ``missing``; say whether all of it was run.

    ``cell_done`` is called whenever a cell is whole, so that what was run is not lost.
    """
    owner = {request.number: each for each in missing for request in each.requests}
    ended: dict[int, _Ended] = {}
    for request, record in run_all(_requests(missing), jobs=jobs, stop=stop):
        # The verdict alone is kept: the series of all runs at once would be gigabytes.
        ended[request.number] = _ended(record)
        each = owner[request.number]
        _tell(observers, each.cell, record, len(ended), len(owner))
        if all(other.number in ended for other in each.requests):
            grid.put(_filled(each.cell, [ended[other.number] for other in each.requests]))
            cell_done(grid)
    return len(ended) == len(owner)


@dataclass(frozen=True, slots=True)
class _Ended:
    verdict: str
    error: str


def _ended(record: RunRecord) -> _Ended:
    if record.result is None:
        return _Ended("", f"seed {record.seed}: {record.error}")
    return _Ended(str(record.result.verdict), "")


def _requests(missing: Sequence[Missing]) -> Iterator[RunRequest]:
    for each in missing:
        yield from each.requests


def _tell(
    observers: Iterable[Observer], cell: Cell, record: RunRecord, done: int, planned: int
) -> None:
    # One line is about one cell: the contender alone would not say on what it ran.
    shown = dataclasses.replace(record, contender=f"{cell.case} {cell.contender}")
    for observer in observers:
        observer(event_of(shown, done, planned))


def _filled(cell: Cell, ended: Sequence[_Ended]) -> Cell:
    verdicts = (*cell.verdicts, *(each.verdict for each in ended if not each.error))
    errors = tuple(each.error for each in ended if each.error)
    return dataclasses.replace(cell, verdicts=verdicts, errors=errors)


def failures(grid: Grid) -> Iterator[str]:
    """Yield a line for each run that has no result."""
    for cell in grid.ordered():
        for error in cell.errors:
            yield f"{cell.case} {cell.contender} {error}"
