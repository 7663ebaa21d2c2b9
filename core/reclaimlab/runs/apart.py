"""One run for somebody who waits: here, or in a process of its own if it holds others' plugins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.hosting.contender import parse_contender
from reclaimlab.runs.apart_process import PluginFailedError
from reclaimlab.runs.foreign import foreign_plugins
from reclaimlab.runs.measuring import measured
from reclaimlab.runs.pool import run_all
from reclaimlab.runs.run import RunRequest, installed_policies, record_of, run_one
from reclaimlab.scenarios.reader import scenario_hash, scenario_toml

if TYPE_CHECKING:
    from reclaimlab.runs.pool import Listener
    from reclaimlab.scenarios.schema import Scenario
    from reclaimlab.store.records import RunRecord


def run_apart(
    scenario: Scenario,
    contender: str,
    seed: int,
    *,
    check: bool = False,
    printed: Listener | None = None,
) -> RunRecord:
    """Return the record of :func:`run_one`'s result, whatever a plugin does on the way.

    With it goes what the metrics of plugins say of the run.

    Raises:
        ContenderError: ``contender`` cannot be read.
        PluginFailedError: a plugin raised, answered nonsense, or ended the process.
    """
    name = str(parse_contender(contender, installed_policies()))
    request = RunRequest(
        0, scenario.name, scenario_toml(scenario), scenario_hash(scenario), name, seed, check
    )
    if foreign_plugins(request):
        outcomes = list(run_all([request], printed=printed))
    else:
        # Whatever it raises is the caller's.
        outcomes = [(request, record_of(request, run_one(scenario, contender, seed, check=check)))]
    ((_, record),) = measured(outcomes)
    if record.result is None:
        raise PluginFailedError(record.error)
    return record
