"""One run: assemble, let time pass, watch, measure, judge."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from reclaimlab.errors import PolicyError
from reclaimlab.kernel import invariants
from reclaimlab.machine.assemble import Assembly
from reclaimlab.machine.meter import Meter
from reclaimlab.machine.watchdog import Watchdog, oom_incident
from reclaimlab.measure.records import Incident, RunResult, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from reclaimlab.engine.order import Order
    from reclaimlab.engine.trace import Trace
    from reclaimlab.policy.table import HookTable
    from reclaimlab.scenarios.schema import Scenario


def simulate(
    scenario: Scenario,
    contender: str,
    table: HookTable,
    seed: int,
    *,
    progress: Callable[[int], None] | None = None,
    check: bool = False,
    order: Order | None = None,
    trace: Trace | None = None,
    until_ns: int | None = None,
    observe: Callable[[Assembly], None] | None = None,
) -> RunResult:
    """Run ``scenario`` once with the policies of ``table``.

    Args:
        scenario: what to simulate.
        contender: how the result calls the policies.
        table: the resolved hooks; made for this run.
        seed: everything random grows from it.
        progress: called with the simulated time in ns at every sample.
        check: recount every invariant at every sample.
        order: who goes first among equals; first come, first served if None.
        trace: told of every kernel tracepoint and of every task's states; changes nothing.
        until_ns: end then, if the scenario does not end earlier.
        observe: given the machine before it starts; may look, and ask the loop to be called again.

    Raises:
        PolicyError: a policy raised or answered nonsense; its time and task are filled in.
        InvariantError: a bug of the model (with ``check``).
    """
    assembly = Assembly(scenario, table, seed, order, trace)
    k, loop = assembly.kernel, assembly.loop
    meter = Meter(assembly)
    watchdog = Watchdog(
        k, hung_task_ns=scenario.hung_task, progress_window_ns=scenario.progress_window
    )

    def tick() -> None:
        values = meter.sample()
        k.hooks.notify("sampled", values=values, time_ns=loop.now)
        if check:
            invariants.check(k)
        if progress is not None:
            progress(loop.now)
        if watchdog.look():
            loop.stop(str(watchdog.incident.verdict) if watchdog.incident else "stopped")
        elif all(process.exited or process.background for process in k.processes):
            loop.stop("every task has ended")
        else:
            loop.call_after(scenario.sample_interval, tick)

    loop.call_after(0, tick)
    if observe is not None:
        observe(assembly)
    ended = _run(assembly, min(scenario.duration, until_ns or scenario.duration))
    return _result(
        assembly, meter, watchdog, contender, seed, "duration" if ended == "time" else ended
    )


def _run(assembly: Assembly, duration_ns: int) -> str:
    """Let time pass; a policy's error gets the moment and the task."""
    loop = assembly.loop
    # Extents and frames live long and form no cycles: collecting young garbage only costs time.
    thresholds = gc.get_threshold()
    gc.set_threshold(50_000, 20, 20)
    try:
        return loop.run(duration_ns)
    except PolicyError as error:
        error.time_ns = loop.now
        error.task = loop.current.label if loop.current is not None else None
        raise
    finally:
        gc.set_threshold(*thresholds)


def _result(
    assembly: Assembly, meter: Meter, watchdog: Watchdog, contender: str, seed: int, ended: str
) -> RunResult:
    k = assembly.kernel
    incident = worst(watchdog.incident, oom_incident(k))
    verdict = incident.verdict if incident is not None else Verdict.OK
    metrics = meter.metrics(incident.time_ns if incident is not None else None)
    k.hooks.notify("run_finished", verdict=str(verdict), metrics=metrics)
    return RunResult(
        scenario=assembly.scenario.name,
        contender=contender,
        seed=seed,
        schedule=assembly.loop.order.name,
        verdict=verdict,
        ended=ended,
        ended_ns=assembly.loop.now,
        metrics=metrics,
        task_metrics=meter.task_metrics(),
        memcg_metrics=meter.memcg_metrics(),
        incident=incident,
        series=meter.series(),
        events=assembly.loop.events,
    )


def worst(*incidents: Incident | None) -> Incident | None:
    """Return the incident with the worst verdict, the earlier of equals."""
    found = [incident for incident in incidents if incident is not None]
    return min(
        found, key=lambda incident: (incident.verdict.severity, incident.time_ns), default=None
    )
