"""One run for somebody who waits: here, or in a process of its own if it holds others' plugins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.errors import ReclaimlabError
from reclaimlab.hosting.contender import parse_contender
from reclaimlab.runs.foreign import foreign_plugins
from reclaimlab.runs.pool import run_all
from reclaimlab.runs.run import RunRequest, installed_policies, run_one
from reclaimlab.scenarios.reader import scenario_hash, scenario_toml

if TYPE_CHECKING:
    from reclaimlab.measure.records import RunResult
    from reclaimlab.runs.pool import Listener
    from reclaimlab.scenarios.schema import Scenario


class RunFailedError(ReclaimlabError):
    """A plugin ruined the run."""

    exit_code = 3


def run_apart(
    scenario: Scenario,
    contender: str,
    seed: int,
    *,
    check: bool = False,
    printed: Listener | None = None,
) -> RunResult:
    """Return the same as :func:`run_one`, whatever a plugin does on the way.

    Raises:
        ContenderError: ``contender`` cannot be read.
        RunFailedError: a plugin raised, answered nonsense, or ended the process.
    """
    name = str(parse_contender(contender, installed_policies()))
    request = RunRequest(
        0, scenario.name, scenario_toml(scenario), scenario_hash(scenario), name, seed, check
    )
    if not foreign_plugins(request):
        return run_one(scenario, contender, seed, check=check)
    ((_, record),) = run_all([request], printed=printed)
    if record.result is None:
        raise RunFailedError(record.error)
    return record.result
