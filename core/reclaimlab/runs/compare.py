"""Comparing: one scenario, several contenders, the same seeds for all; each run is stored."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reclaimlab import __version__
from reclaimlab.errors import ContenderError, UnusablePluginError
from reclaimlab.hosting.contender import parse_contender
from reclaimlab.runs.comparison import Comparison, summarise
from reclaimlab.runs.events import Observer, event_of
from reclaimlab.runs.pool import run_all
from reclaimlab.runs.run import RunRequest, Stop, installed_policies, never
from reclaimlab.scenarios.reader import scenario_hash, scenario_toml
from reclaimlab.store.records import ComparisonHead, RunRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reclaimlab.hosting.catalog import Catalog
    from reclaimlab.runs.pool import Watcher
    from reclaimlab.scenarios.schema import Scenario
    from reclaimlab.store.writer import StoreWriter


@dataclass(frozen=True, slots=True)
class Plan:
    """What is going to be compared."""

    head: ComparisonHead
    requests: tuple[RunRequest, ...]
    """Seed by seed, so that a comparison that is cut short has whole pairs."""


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
    stored so far is returned: see :attr:`Comparison.stored_runs`. A ``watcher`` is told how far
    each run is: see :func:`run_all`.
    """
    comparison_id = writer.begin_comparison(plan.head)
    records: list[RunRecord] = []
    for request, record in run_all(plan.requests, jobs=jobs, stop=stop, watcher=watcher):
        writer.add_run(comparison_id, request.number, record)
        records.append(_without_series(record))
        event = event_of(records[-1], len(records), plan.head.planned_runs)
        for observer in observers:
            observer(event)
    return summarise(comparison_id, plan.head, records)


def _without_series(record: RunRecord) -> RunRecord:
    # The series of all runs at once would be hundreds of megabytes, and the summary needs none.
    if record.result is None:
        return record
    return dataclasses.replace(record, result=dataclasses.replace(record.result, series=()))
