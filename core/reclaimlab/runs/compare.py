"""Comparing: one scenario, several contenders, the same seeds for all; each run is stored."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reclaimlab import __version__
from reclaimlab.errors import ContenderError, StoreError, UnusablePluginError
from reclaimlab.hosting.contender import parse_contender
from reclaimlab.runs.comparison import Comparison, summarise
from reclaimlab.runs.events import Observer, event_of
from reclaimlab.runs.keeping import Keeper
from reclaimlab.runs.measuring import measured
from reclaimlab.runs.pool import run_all
from reclaimlab.runs.run import RunRequest, Stop, installed_policies, never
from reclaimlab.runs.seeds_needed import seeds_needed
from reclaimlab.scenarios.reader import read_scenario, scenario_hash, scenario_toml
from reclaimlab.store.records import ComparisonHead, RunRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from reclaimlab.hosting.catalog import Catalog
    from reclaimlab.runs.pool import Watcher
    from reclaimlab.scenarios.schema import Scenario
    from reclaimlab.store.records import StoredComparison
    from reclaimlab.store.writer import StoreWriter

FIRST_ROUND: Final = 6
"""Seeds before the first look: fewer pairs can never be judged."""

AUTO_LIMIT: Final = 100
"""Seeds at which ``--seeds auto`` gives up."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is going to be compared."""

    head: ComparisonHead
    requests: tuple[RunRequest, ...]
    """Seed by seed, so that a comparison that is cut short has whole pairs."""

    def part(self, begin: int, end: int) -> Plan:
        """Return the plan whose runs are those of seeds ``begin`` to ``end``, of ``end`` seeds."""
        each = len(self.head.contenders)
        head = dataclasses.replace(self.head, seeds=self.head.seeds[:end])
        return Plan(head, self.requests[begin * each : end * each])


@dataclass(frozen=True, slots=True)
class Begun:
    """A comparison in the store, and the runs that it has already: none of either at first."""

    id: str = ""
    records: tuple[RunRecord, ...] = ()


def make_plan(
    scenario: Scenario,
    contenders: Iterable[str],
    seeds: Sequence[int],
    *,
    catalog: Catalog | None = None,
    check: bool = False,
) -> Plan:
    """Return the plan of a comparison; the first contender is the baseline.

    With ``check`` every run recounts the invariants of the model.

    Raises:
        ContenderError: a contender cannot be read, or two are the same.
    """
    names = _canonical(contenders, catalog or installed_policies())
    text, digest = scenario_toml(scenario), scenario_hash(scenario)
    head = ComparisonHead(
        scenario=scenario.name,
        title=scenario.title,
        decides=scenario.decides,
        scenario_hash=digest,
        contenders=names,
        seeds=tuple(seeds),
        package_version=__version__,
    )
    grid = ((contender, seed) for seed in seeds for contender in names)
    requests = tuple(
        RunRequest(number, scenario.name, text, digest, contender, seed, check)
        for number, (contender, seed) in enumerate(grid)
    )
    return Plan(head, requests)


def _canonical(contenders: Iterable[str], catalog: Catalog) -> tuple[str, ...]:
    names: list[str] = []
    for given in contenders:
        try:
            name = str(parse_contender(given, catalog))
        except UnusablePluginError:
            name = given.strip()  # its runs fail with the reason, and the others go on
        if name in names:
            raise ContenderError(f"contender {name} is given twice; each is compared once")
        names.append(name)
    return tuple(names)


def compare(
    plan: Plan,
    writer: StoreWriter,
    *,
    jobs: int = 1,
    observers: Iterable[Observer] = (),
    stop: Stop = never,
    watcher: Watcher | None = None,
) -> Comparison:
    """Run ``plan``, storing each run when it ends; return what came of it.

    A run that fails is stored with its error, and the others go on. Once ``stop`` says so, what is
    stored so far is returned: see :attr:`Comparison.stored_runs`. Before a run has ended that is
    nothing at all, and the comparison has no id. A ``watcher`` is told how far each run is: see
    :func:`run_all`.
    """
    return _in_rounds(
        plan, lambda _: None, writer, jobs=jobs, observers=observers, stop=stop, watcher=watcher
    )


def missing_part(stored: StoredComparison, records: Sequence[RunRecord]) -> Plan:
    """Return the plan of what a comparison that was cut off still lacks.

    Raises:
        StoreError: it cannot be gone on with.
    """
    head, there = stored.head, {(each.contender, each.seed) for each in records}
    if not records:
        raise StoreError(f"comparison {stored.id} has no run, so no scenario to go on with")
    if head.package_version != __version__:
        msg = (
            f"comparison {stored.id} was begun with reclaimlab {head.package_version}, this is "
            f"{__version__}: its runs would not be alike; compare anew"
        )
        raise StoreError(msg)
    scenario = read_scenario(records[0].scenario_text, head.scenario)
    if scenario_hash(scenario) != head.scenario_hash:
        raise StoreError(f"comparison {stored.id}: its scenario text is not what its hash says")
    whole = make_plan(scenario, head.contenders, head.seeds)
    missing = [each for each in whole.requests if (each.contender, each.seed) not in there]
    return Plan(head, tuple(missing))


def resume(
    plan: Plan,
    begun: Begun,
    writer: StoreWriter,
    *,
    jobs: int = 1,
    observers: Iterable[Observer] = (),
    stop: Stop = never,
) -> Comparison:
    """Run what :func:`missing_part` returned, into the comparison that lacks it."""
    writer.resume_comparison(begun.id)
    return _in_rounds(
        plan, lambda _: None, writer, jobs=jobs, observers=observers, stop=stop, begun=begun
    )


def compare_until_enough(
    plan: Plan,
    writer: StoreWriter,
    *,
    jobs: int = 1,
    observers: Iterable[Observer] = (),
    stop: Stop = never,
) -> Comparison:
    """Run seeds of ``plan`` in rounds, until they are enough or all of them have run.

    Enough is said by the width of intervals, never by a p-value: stopping at the first difference
    that looks real would judge noise.
    """

    def more(so_far: Comparison) -> Plan | None:
        done = len(so_far.head.seeds)
        wanted = min(seeds_needed(so_far), 2 * done, len(plan.head.seeds))
        return plan.part(done, wanted) if wanted > done and not stop() else None

    first = plan.part(0, min(FIRST_ROUND, len(plan.head.seeds)))
    return _in_rounds(first, more, writer, jobs=jobs, observers=observers, stop=stop)


def _in_rounds(
    plan: Plan,
    more: Callable[[Comparison], Plan | None],
    writer: StoreWriter,
    *,
    jobs: int,
    observers: Iterable[Observer],
    stop: Stop,
    watcher: Watcher | None = None,
    begun: Begun | None = None,
) -> Comparison:
    begun = begun or Begun()
    records = list(begun.records)
    every = tuple(observers)
    with Keeper(writer, plan.head, begun.id) as keeper:
        while True:
            runs = run_all(plan.requests, jobs=jobs, stop=stop, watcher=watcher)
            for request, record in measured(runs, stop=stop):
                keeper.add(request.number, record)
                records.append(_without_series(record))
                event = event_of(records[-1], len(records), plan.head.planned_runs)
                for observer in every:
                    observer(event)
            comparison = summarise(keeper.id, plan.head, records)
            following = more(comparison) if records else None
            if following is None:
                return comparison
            plan = following
            keeper.extend(plan.head)


def _without_series(record: RunRecord) -> RunRecord:
    # The series of all runs at once would be hundreds of megabytes, and the summary needs none.
    if record.result is None:
        return record
    return dataclasses.replace(record, result=dataclasses.replace(record.result, series=()))
