"""A look inside one run: made again, with every task's states recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.hosting.contender import parse_contender
from reclaimlab.hosting.host import build_table
from reclaimlab.machine import record_timeline
from reclaimlab.runs.run import RunStoppedError, installed_policies, never

if TYPE_CHECKING:
    from collections.abc import Callable

    from reclaimlab.hosting.catalog import Catalog
    from reclaimlab.measure.timeline import Timeline
    from reclaimlab.runs.run import Stop
    from reclaimlab.scenarios.schema import Scenario


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

    def sampled(time_ns: int) -> None:
        if stop():
            raise RunStoppedError
        if progress is not None:
            progress(time_ns)

    return record_timeline(
        scenario,
        str(parsed),
        build_table(parsed, catalog),
        seed,
        from_ns=from_ns,
        until_ns=until_ns,
        progress=sampled,
    )
