"""One run: a scenario, a contender and a seed become a result, or a record of why there is none."""

from __future__ import annotations

import dataclasses
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING

from reclaimlab import __version__
from reclaimlab.errors import (
    ContenderError,
    ExtensionError,
    InvariantError,
    PolicyError,
    ScenarioError,
)
from reclaimlab.hosting.blame import blame
from reclaimlab.hosting.catalog import Catalog
from reclaimlab.hosting.contender import parse_contender
from reclaimlab.hosting.extensions import every_extension
from reclaimlab.hosting.host import build_table
from reclaimlab.hosting.trace import plugin_trace
from reclaimlab.machine import simulate
from reclaimlab.scenarios.reader import read_scenario
from reclaimlab.store.fingerprint import result_hash
from reclaimlab.store.records import Failure, RunRecord

if TYPE_CHECKING:
    from reclaimlab.machine.assemble import Assembly
    from reclaimlab.measure.records import RunResult
    from reclaimlab.policy.extensions import Kind
    from reclaimlab.scenarios.schema import Scenario

Stop = Callable[[], bool]
Progress = Callable[[int], None]
"""Told the simulated time (ns) at every sample."""


class RunStoppedError(Exception):
    """A run was given up because ``stop`` said so; nothing of it is kept."""


@dataclasses.dataclass(frozen=True, slots=True)
class RunRequest:
    """All that determines a run, as plain text that crosses process borders."""

    number: int
    """Its place in its comparison."""
    scenario: str
    scenario_text: str
    scenario_hash: str
    contender: str
    seed: int
    check: bool = False
    """Recount every invariant of the model; changes nothing but the time it takes."""


def installed_policies() -> Catalog:
    """Return the policies that may be loaded now; looking for them is done once."""
    return Catalog.installed()


def never() -> bool:
    """Say that nobody asked to stop."""
    return False


def run_one(
    scenario: Scenario,
    contender: str,
    seed: int,
    *,
    catalog: Catalog | None = None,
    check: bool = False,
    stop: Stop = never,
    observe: Callable[[Assembly], None] | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """Simulate ``contender`` on ``scenario``; the same arguments give an equal result.

    Args:
        scenario: what to simulate.
        contender: ``KERNEL[+FIX[(param=value,...)]]...``
        seed: everything random grows from it.
        catalog: where to find the policies; the installed ones if None.
        check: recount every invariant of the model on the way.
        stop: asked on the way; once true, the run is given up.
        observe: given the machine before it starts; see :func:`reclaimlab.machine.simulate`.
        progress: told the simulated time on the way.

    Raises:
        InvariantError: a bug of the model (with ``check``).
        ContenderError: ``contender`` cannot be read.
        PolicyError: a policy raised or answered nonsense.
        RunStoppedError: ``stop`` said so while it ran.
    """
    catalog = catalog or installed_policies()
    parsed = parse_contender(contender, catalog)
    table = build_table(parsed, catalog)
    result = simulate(
        scenario, str(parsed), table, seed,
        progress=until_stopped(stop, progress), check=check, observe=observe,
    )  # fmt: skip
    if catalog.foreign(str(parsed)):
        table.recheck()
    return dataclasses.replace(result, policy_versions=parsed.versions())


def until_stopped(stop: Stop, progress: Progress | None = None) -> Progress:
    """Return what is called at every sample: it tells ``progress``, and ends the run for ``stop``.

    Raises:
        RunStoppedError: at a sample, when ``stop`` says so.
    """

    def sampled(time_ns: int) -> None:
        if stop():
            raise RunStoppedError
        if progress is not None:
            progress(time_ns)

    return sampled


def record_run(
    request: RunRequest, *, stop: Stop = never, progress: Progress | None = None
) -> RunRecord:
    """Simulate what ``request`` asks for; a run that fails gives a record that says why.

    Raises:
        RunStoppedError: ``stop`` said so while it ran.
    """
    try:
        scenario = read_scenario(request.scenario_text, request.scenario)
        result = run_one(
            scenario,
            request.contender,
            request.seed,
            check=request.check,
            stop=stop,
            progress=progress,
        )
    except RunStoppedError:
        raise
    except (PolicyError, ContenderError, ExtensionError, ScenarioError) as error:
        return failed_record(request, Failure.POLICY, str(error), plugin_trace(error))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a plugin's code may raise anything
        guilty = _guilty(error)
        if guilty:
            problem = f"plugin {guilty}: raised {type(error).__name__}: {error}"
            return failed_record(request, Failure.POLICY, problem, plugin_trace(error))
        trace = "".join(traceback.format_exception(error))
        return failed_record(request, Failure.BUG, _bug_report(error), trace)
    return record_of(request, result)


def record_of(request: RunRequest, result: RunResult) -> RunRecord:
    """Return the record of a run that came to ``result``."""
    return dataclasses.replace(
        _blank(request),
        policy_versions=result.policy_versions,
        result=result,
        result_hash=result_hash(result),
    )


def failed_record(request: RunRequest, failure: Failure, error: str, trace: str = "") -> RunRecord:
    """Return the record of a run that has no result; ``trace`` is the traceback of its error."""
    return dataclasses.replace(_blank(request), failure=failure, error=error, traceback=trace)


def _blank(request: RunRequest) -> RunRecord:
    return RunRecord(
        scenario=request.scenario,
        scenario_text=request.scenario_text,
        scenario_hash=request.scenario_hash,
        contender=request.contender,
        seed=request.seed,
        package_version=__version__,
    )


def _guilty(error: BaseException) -> str:
    # A device, filesystem or workload of a plugin is called from everywhere: the stack knows.
    kinds: tuple[Kind, ...] = ("filesystem", "device", "workload")
    brought = (each.source for kind in kinds for each in every_extension(kind))
    foreign = [*brought, *installed_policies().sources]
    trace = "".join(traceback.format_exception(error))
    return blame(trace, (each for each in foreign if not each.is_ours))


def _bug_report(error: BaseException) -> str:
    kind = "an invariant of the simulator" if isinstance(error, InvariantError) else "the simulator"
    place = traceback.extract_tb(error.__traceback__)[-1]
    return (
        f"{kind} broke, which is a bug of reclaimlab {__version__}, not of your input: "
        f"{type(error).__name__}: {error} ({place.name}, {place.filename}:{place.lineno})"
    )
