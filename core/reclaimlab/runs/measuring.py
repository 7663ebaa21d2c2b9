"""The metrics that plugins bring, asked of each run when it is over.

In a process of its own: whatever a metric does there, the run and what other metrics say of it are
kept. The run's result and its hash know nothing of them.
"""

from __future__ import annotations

import pickle
from dataclasses import replace
from functools import cache
from math import isfinite
from typing import TYPE_CHECKING, Any, Final, Literal

from reclaimlab.errors import ExtensionError
from reclaimlab.hosting.extensions import extensions, usable_extensions
from reclaimlab.hosting.gate import behind_gate
from reclaimlab.hosting.integrity import Snapshot
from reclaimlab.measure.records import METRICS
from reclaimlab.runs.apart_process import ApartProcess, PluginFailedError, PluginLostError
from reclaimlab.runs.limits import Limits
from reclaimlab.runs.run import RunStoppedError, never
from reclaimlab.store.records import PluginMetric

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from reclaimlab.hosting.extensions import Extension
    from reclaimlab.measure.records import RunResult
    from reclaimlab.runs.pool import Outcome
    from reclaimlab.runs.run import Stop
    from reclaimlab.store.records import RunRecord

_UNIT_LETTERS: Final = 16
Measured = tuple[str, Literal["higher", "lower"], float | None]
"""Unit, which direction is good, value."""


def measured(outcomes: Iterable[Outcome], *, stop: Stop = never) -> Iterator[Outcome]:
    """Yield the outcomes of runs with what the metrics of plugins say of each."""
    metrics = usable_extensions("metric")
    if not metrics:
        yield from outcomes
        return
    with _Measurer(metrics, stop) as measurer:
        for request, record in outcomes:
            try:
                whole = measurer.measured(record)
            except RunStoppedError:
                return
            yield request, whole


class _Measurer:
    """Asks every metric of every run; one that hangs or ends the process is not asked again."""

    def __init__(self, metrics: Mapping[str, Extension], stop: Stop) -> None:
        limits = Limits.from_environment()
        self._metrics = metrics
        self._stop = stop
        self._seconds = limits.stuck / 1e9
        self._process = ApartProcess(limits)
        self._lost: dict[str, str] = {}

    def __enter__(self) -> _Measurer:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.close()

    def measured(self, record: RunRecord) -> RunRecord:
        """Return ``record`` with the numbers of every metric that applies."""
        if record.result is None:
            return record
        packed = pickle.dumps(record.result)
        said = (self._ask(each, packed) for each in self._metrics.values())
        return replace(record, plugin_metrics=tuple(filter(None, said)))

    def _ask(self, metric: Extension, packed: bytes) -> PluginMetric | None:
        name = metric.name
        if name in self._lost:
            return PluginMetric(name, origin=metric.origin, error=f"{self._lost[name]}, before")
        try:
            unit, better, value = self._process.call(
                measure, name, packed,
                foreign=[metric.source], seconds=self._seconds, stop=self._stop,
            )  # fmt: skip
        except PluginFailedError as error:
            if isinstance(error, PluginLostError):
                self._lost[name] = str(error)
            return PluginMetric(name, origin=metric.origin, error=str(error))
        return PluginMetric(name, unit, better, metric.origin, value) if value is not None else None


# ---- the child's side ---------------------------------------------------------------------------


def measure(name: str, packed: bytes) -> Measured:
    """Return what the metric called ``name`` says of a pickled result, and what it measures in.

    Raises:
        ExtensionError: it raised, or broke a rule.
    """
    found = extensions("metric").get(name)
    if found is None:
        raise _fault(name, "is not installed here, or not allowed")
    made = found.load()
    before = _snapshot()
    try:
        return measure_with(made, pickle.loads(packed))
    finally:
        if changed := before.undo_changes():
            raise _fault(name, f"changes {', '.join(changed[:3])}; a plugin may not")


@cache
def _snapshot() -> Snapshot:
    return Snapshot()


def measure_with(metric: Any, result: RunResult) -> Measured:
    """Return what ``metric`` says of ``result``, held to the rules.

    Raises:
        ExtensionError: it raised, or broke a rule.
    """
    name = str(metric.name)
    for problem in _broken_rules(metric):
        raise _fault(name, problem)
    try:
        value = behind_gate("measure", metric.measure)(result)
    except BaseException as error:  # a plugin's code may raise anything
        raise _fault(name, f"measure() raised {type(error).__name__}: {error}") from error
    if value is None:
        return metric.unit, metric.better, None
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise _fault(name, f"measure() gave {value!r}; the rule is a finite number or None")
    return metric.unit, metric.better, float(value)


def _broken_rules(metric: Any) -> Iterator[str]:
    name, unit, better = metric.name, metric.unit, metric.better
    if name in METRICS or name == "verdict":
        yield f"{name} is a metric of reclaimlab's; the rule is a name of its own"
    if not name.replace("_", "").replace("-", "").isalnum() or not name.isascii():
        yield "the rule for its name is letters, digits, _ and -"
    if not isinstance(unit, str) or not unit.isprintable() or not 0 < len(unit) <= _UNIT_LETTERS:
        yield f"unit is {unit!r}; the rule is 1 to {_UNIT_LETTERS} letters, '1' for none"
    if better not in ("higher", "lower"):
        yield f"better is {better!r}; the rule is 'higher' or 'lower'"


def _fault(name: str, problem: str) -> ExtensionError:
    return ExtensionError("metric", name, problem)
