"""Verdicts asked for one batch after the other, each run made once and kept by its content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reclaimlab.measure.records import Verdict
from reclaimlab.runs.run import RunRequest, Stop, never
from reclaimlab.scenarios.reader import scenario_toml
from reclaimlab.store.records import Failure
from reclaimlab.sweep.execute import Tally
from reclaimlab.sweep.plan import Source, contender_with, content_key, split_settings, text_hash

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reclaimlab.runs.executors import Executor
    from reclaimlab.store.records import RunRecord
    from reclaimlab.store.sweeps import SweepWriter
    from reclaimlab.sweep.execute import Watcher


class StoppedError(Exception):
    """The user asked to stop; what has ended is stored."""


class RunsFailedError(Exception):
    """Runs have no result, so the question has no answer."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One run to know the verdict of."""

    source: Source
    settings: tuple[tuple[str, str], ...]
    contender: str
    seed: int


class Evaluator:
    """Answers from the store what it can, and simulates the rest."""

    def __init__(
        self, writer: SweepWriter, executor: Executor, watch: Watcher, stop: Stop = never
    ) -> None:
        self._writer = writer
        self._executor = executor
        self._watch = watch
        self._stop = stop
        self._known: dict[Cell, Verdict] = {}
        self.tally = Tally(0)

    def verdicts(self, cells: Iterable[Cell]) -> dict[Cell, Verdict]:
        """Return the verdict of each cell.

        Raises:
            StoppedError: the user asked to stop.
            RunsFailedError: a run has no result.
            ScenarioError: a value cannot be.
        """
        wanted = list(dict.fromkeys(cells))
        asked = self._asked([cell for cell in wanted if cell not in self._known])
        requests = [request for _, request in asked.values()]
        for ended in self._executor.run(requests, stop=self._stop):
            self._store(ended.record, ended.retries, asked)
        if self._stop():
            raise StoppedError
        if self.tally.errors:
            raise RunsFailedError("\n".join(self.tally.errors))
        return {cell: self._known[cell] for cell in wanted}

    def _asked(self, cells: Sequence[Cell]) -> dict[str, tuple[list[Cell], RunRequest]]:
        """Return the runs that nobody has made yet, by their keys."""
        asked: dict[str, tuple[list[Cell], RunRequest]] = {}
        self.tally.planned += len(cells)
        for cell in cells:
            key, request = _made_ready(cell)
            if key in asked:
                asked[key][0].append(cell)
            elif (verdict := self._writer.verdict_of(key)) is not None:
                self._known[cell] = Verdict(verdict)
                self.tally.answered += 1
            else:
                asked[key] = ([cell], request)
        self._watch(self.tally)
        return asked

    def _store(
        self, record: RunRecord, retries: int, asked: dict[str, tuple[list[Cell], RunRequest]]
    ) -> None:
        key = content_key(record.scenario_hash, record.contender, record.seed)
        self.tally.retries += retries
        self.tally.ran += 1
        if record.failure is not Failure.LOST:
            self._writer.add_result(key, record)
        if record.result is None:
            self.tally.errors.append(
                f"{record.contender} seed {record.seed} failed: {record.error}"
            )
            return
        cells, _ = asked[key]
        self.tally.answered += len(cells) - 1
        self._known.update(dict.fromkeys(cells, record.result.verdict))
        self._watch(self.tally)


def _made_ready(cell: Cell) -> tuple[str, RunRequest]:
    of_scenario, of_policies = split_settings(dict(cell.settings), (cell.contender,))
    scenario = cell.source.scenario(of_scenario)
    contender = contender_with(cell.contender, of_policies)
    text = scenario_toml(scenario)
    digest = text_hash(text)
    key = content_key(digest, contender, cell.seed)
    return key, RunRequest(int(key[:8], 16), scenario.name, text, digest, contender, cell.seed)
