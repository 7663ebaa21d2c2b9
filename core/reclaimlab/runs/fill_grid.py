"""Filling a grid: the runs its cells still lack, and each cell put in as soon as it is whole."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reclaimlab.runs.compare import without_series
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
    records: dict[int, RunRecord] = {}
    requests = [request for each in missing for request in each.requests]
    for request, record in run_all(requests, jobs=jobs, stop=stop):
        records[request.number] = without_series(record)
        each = owner[request.number]
        shown = dataclasses.replace(
            records[request.number], contender=f"{each.cell.case} {each.cell.contender}"
        )
        event = event_of(shown, len(records), len(requests))
        for observer in observers:
            observer(event)
        if all(other.number in records for other in each.requests):
            grid.put(_filled(each, records))
            cell_done(grid)
    return len(records) == len(requests)


def _filled(each: Missing, records: dict[int, RunRecord]) -> Cell:
    verdicts, errors = list(each.cell.verdicts), []
    for record in (records[request.number] for request in each.requests):
        if record.result is None:
            errors.append(f"seed {record.seed}: {record.error}")
        else:
            verdicts.append(str(record.result.verdict))
    return dataclasses.replace(each.cell, verdicts=tuple(verdicts), errors=tuple(errors))


def failures(grid: Grid) -> Iterator[str]:
    """Yield a line for each run that has no result."""
    for cell in grid.ordered():
        for error in cell.errors:
            yield f"{cell.case} {cell.contender} {error}"
