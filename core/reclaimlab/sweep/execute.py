"""Running a sweep: what the store knows is not run again, and what ends is stored at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reclaimlab.runs.run import Stop, never
from reclaimlab.store.records import Failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reclaimlab.runs.executors import Ended, Executor
    from reclaimlab.runs.run import RunRequest
    from reclaimlab.store.sweeps import PlannedRun, SweepWriter
    from reclaimlab.sweep.plan import SweepPlan


@dataclass(slots=True)
class Tally:
    """How far a sweep is, in runs."""

    planned: int
    """Of this shard."""
    before: int = 0
    """Stored by an earlier call of the same sweep."""
    answered: int = 0
    """Known from another sweep, or the same as another run of this one."""
    ran: int = 0
    """Simulated now."""
    failed: int = 0
    """Of those, without a result."""
    lost: int = 0
    """Lost with its worker each time it was handed out, so not stored."""
    retries: int = 0
    """How often a run was handed out again."""
    errors: list[str] = field(default_factory=list)
    """Why runs have no result, the first few."""

    @property
    def done(self) -> int:
        """Runs that are over."""
        return self.before + self.answered + self.ran + self.lost


Watcher = Callable[[Tally], None]
_SHOWN_ERRORS = 10


def run_sweep(
    plan: SweepPlan,
    writer: SweepWriter,
    executor: Executor,
    *,
    shard: tuple[int, int] = (1, 1),
    watch: Watcher = lambda _tally: None,
    stop: Stop = never,
) -> Tally:
    """Run what the store lacks of ``plan``; return the tally.

    Args:
        plan: the sweep; the same plan has the same id, so it goes on where it was cut off.
        writer: where it is stored, each run in one transaction.
        executor: where the runs are simulated.
        shard: run only every n-th point, from the k-th on.
        watch: told of the tally whenever it has changed.
        stop: asked all the time; once true, what is under way is given up.
    """
    return _Sweep(plan, writer, executor, watch).run(shard, stop)


class _Sweep:
    def __init__(
        self, plan: SweepPlan, writer: SweepWriter, executor: Executor, watch: Watcher
    ) -> None:
        self._plan = plan
        self._writer = writer
        self._executor = executor
        self._watch = watch
        self._id = plan.head().id
        self._waiting: dict[str, list[PlannedRun]] = {}
        """Key of a run under way -> all runs of the sweep that are that one."""
        self._key: dict[int, str] = {}

    def run(self, shard: tuple[int, int], stop: Stop) -> Tally:
        points = len(range(shard[0] - 1, self._plan.design.points, shard[1]))
        self._tally = Tally(points * self._plan.runs_a_point)
        self._writer.begin(self._plan.head())
        for ended in self._executor.run(self._missing(self._plan.points(shard)), stop=stop):
            self._store(ended)
            self._watch(self._tally)
        return self._tally

    def _missing(self, points: Iterable[int]) -> Iterator[RunRequest]:
        """Yield what is to be simulated, point by point as the executor asks for more."""
        for number in points:
            first = number * self._plan.runs_a_point
            stored = self._writer.stored_numbers(self._id, first, first + self._plan.runs_a_point)
            self._tally.before += len(stored)
            if len(stored) == self._plan.runs_a_point:
                self._watch(self._tally)
                continue
            point = self._plan.point(number)
            self._writer.add_point(self._id, number, point.settings, point.digest)
            missing = [run for run in point.runs if run.number not in stored]
            for run in self._unknown(missing):
                yield point.request(run, self._plan.base.name)

    def _unknown(self, missing: list[PlannedRun]) -> Iterator[PlannedRun]:
        known = self._writer.known_keys(list({run.key for run in missing}))
        answered = [run for run in missing if run.key in known]
        if answered:
            self._writer.add_runs(self._id, answered)
            self._tally.answered += len(answered)
            self._watch(self._tally)
        for run in missing:
            if run.key in known:
                continue
            if run.key in self._waiting:
                self._waiting[run.key].append(run)
                continue
            if run.key in self._writer.known_keys([run.key]):  # it ended since this point began
                self._writer.add_runs(self._id, [run])
                self._tally.answered += 1
                continue
            self._waiting[run.key] = [run]
            self._key[run.number] = run.key
            yield run

    def _store(self, ended: Ended) -> None:
        runs = self._waiting.pop(self._key.pop(ended.request.number))
        record, tally = ended.record, self._tally
        tally.retries += ended.retries
        if record.failure and len(tally.errors) < _SHOWN_ERRORS:
            tally.errors.append(f"{record.contender} seed {record.seed} failed: {record.error}")
        if record.failure is Failure.LOST:
            tally.lost += len(runs)
            return
        self._writer.add_runs(self._id, runs, record, ended.retries)
        tally.ran += 1
        tally.answered += len(runs) - 1
        tally.failed += len(runs) if record.failure else 0
