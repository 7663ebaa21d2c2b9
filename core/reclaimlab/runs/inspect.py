"""A look inside one run: made again, with every task's states recorded."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from reclaimlab.hosting.contender import parse_contender
from reclaimlab.hosting.host import build_table
from reclaimlab.machine import record_timeline
from reclaimlab.runs.call_apart import call_apart
from reclaimlab.runs.run import installed_policies, never, until_stopped
from reclaimlab.scenarios.reader import read_scenario

if TYPE_CHECKING:
    from collections.abc import Callable

    from reclaimlab.hosting.catalog import Catalog
    from reclaimlab.measure.timeline import Timeline
    from reclaimlab.runs.limits import Limits
    from reclaimlab.runs.run import Stop
    from reclaimlab.scenarios.schema import Scenario
    from reclaimlab.store.records import RunRecord


def inspect_run(
    scenario: Scenario,
    contender: str,
    seed: int,
    *,
    catalog: Catalog | None = None,
    from_ns: int = 0,
    until_ns: int | None = None,
    stop: Stop = never,
    progress: Callable[[int], None] | None = None,
) -> Timeline:
    """Make a run again and return what every task did; the arguments are those of run_one().

    Args:
        from_ns: keep nothing that was over before (ns of simulated time).
        until_ns: end then.
        progress: told the simulated time in ns now and then.

    Raises:
        ContenderError: ``contender`` cannot be read.
        PolicyError: a policy raised or answered nonsense.
        RunStoppedError: ``stop`` said so while it ran.
    """
    catalog = catalog or installed_policies()
    parsed = parse_contender(contender, catalog)
    return record_timeline(
        scenario,
        str(parsed),
        build_table(parsed, catalog),
        seed,
        from_ns=from_ns,
        until_ns=until_ns,
        progress=until_stopped(stop, progress),
    )


def inspect_record(
    record: RunRecord,
    *,
    from_ns: int = 0,
    until_ns: int | None = None,
    events: bool = True,
    limits: Limits | None = None,
    stop: Stop | None = None,
) -> Timeline:
    """Make a stored run again, as :func:`inspect_run`; others' policies are asked apart.

    Args:
        record: a run that has a result.
        from_ns: keep nothing that was over before (ns of simulated time).
        until_ns: end then.
        events: also return tracepoints and wake-ups, which are half of the bytes.
        limits: what others' policies may use; the environment's if None.
        stop: asked all the time; with it, the run is made in a process that it ends.

    Raises:
        PluginFailedError: a plugin raised, answered nonsense, hung, or ended its process.
        ReclaimlabError: the run cannot be made again here.
        RunStoppedError: ``stop`` said so.
    """
    made: Timeline = call_apart(
        record.contender, _made_again, record, from_ns, until_ns, events, limits=limits, stop=stop
    )
    return made


def _made_again(record: RunRecord, from_ns: int, until_ns: int | None, events: bool) -> Timeline:
    scenario = read_scenario(record.scenario_text, record.scenario)
    made = inspect_run(scenario, record.contender, record.seed, from_ns=from_ns, until_ns=until_ns)
    return made if events else dataclasses.replace(made, events=(), wakes=())
