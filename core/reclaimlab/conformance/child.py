"""The child's side of the kit: tries one plugin, and writes a line for each check."""

from __future__ import annotations

import json
import os
import sys
import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from reclaimlab import __version__
from reclaimlab.conformance import cost, scenarios
from reclaimlab.errors import PolicyError
from reclaimlab.hosting import conformance, gate
from reclaimlab.hosting.api_range import api_range
from reclaimlab.hosting.catalog import Catalog
from reclaimlab.hosting.contender import parse_contender
from reclaimlab.hosting.extensions import Extension, plugged
from reclaimlab.hosting.host import build_table
from reclaimlab.hosting.integrity import Snapshot
from reclaimlab.hosting.loading import LoadError, load
from reclaimlab.hosting.questions import QUESTIONS
from reclaimlab.hosting.settings import PluginSettings
from reclaimlab.hosting.sources import Source, find_sources
from reclaimlab.hosting.spelling import deprecated
from reclaimlab.machine import simulate
from reclaimlab.runs.comparison import summarise
from reclaimlab.runs.limits import Limits
from reclaimlab.runs.measuring import measure_with
from reclaimlab.runs.run import RunRequest, record_of
from reclaimlab.runs.sections import render_with
from reclaimlab.runs.shield import shield
from reclaimlab.scenarios.reader import load_scenario
from reclaimlab.store.fingerprint import result_hash
from reclaimlab.store.records import ComparisonHead

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reclaimlab.measure.records import RunResult
    from reclaimlab.policy import Policy
    from reclaimlab.runs.comparison import Comparison
    from reclaimlab.scenarios.schema import Scenario

KERNELS: Final = ("linux-3.10", "linux-6.18")
"""What a fix is tried over."""
_EVENTS: Final = 20
"""A run may need so many times the events that the kernel alone needs, and some more."""
_MORE_EVENTS: Final = 200_000
_FORBIDDEN: Final = (
    "open", "socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.spawn",
    "ctypes.dlopen", "urllib.", "shutil.",
)  # fmt: skip
"""Beginnings of the audit events that no hook may cause."""


class Teller:
    """Writes what came of each check, and of each run."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe

    def begin(self) -> None:
        """Tell that Python has started; what follows is the plugin's time."""
        self._tell({"begin": True})

    def check(self, name: str, problems: Iterable[str], detail: str = "") -> bool:
        """Tell a check: passed if there is no problem. Return whether it has."""
        first = next(iter(problems), "")
        self._tell({"check": name, "passed": not first, "detail": first or detail})
        return not first

    def run(self, name: str, digest: str) -> None:
        """Tell the hash of a run, for the comparison with another process."""
        self._tell({"run": name, "hash": digest})

    def end(self) -> None:
        """Tell that there is no more, so that an end before this one is known for what it is."""
        self._tell({"end": True})

    def _tell(self, plain: dict[str, Any]) -> None:
        os.write(self._pipe, json.dumps(plain).encode() + b"\n")


def main(pipe: int, work: str, trace: str) -> None:
    """Check the source that ``work`` holds; with ``brief``, only run it."""
    plain = json.loads(work)
    brief = plain.pop("brief")
    leave = os._exit
    shield(Path(trace), Limits())
    source = Source(**plain)
    teller = Teller(pipe)
    teller.begin()
    try:
        found = load(source)
    except LoadError as error:
        teller.check("loads", [str(error)])
    else:
        teller.check("loads", [], source.module)
        (_check_policy if source.kind == "policy" else _check_extension)(
            source, found, teller, brief=brief
        )
    teller.end()
    leave(0)  # threads that a plugin left behind would keep the process


def _check_policy(source: Source, policy: Any, teller: Teller, *, brief: bool) -> None:
    catalog = _catalog(source)
    (entry,) = (each for each in catalog.entries if each.name == source.name)
    if brief:
        if entry.state == "loaded":
            for where, scenario, contender, _ in _small_runs(policy):
                teller.run(where, result_hash(_run(scenario, contender, catalog)))
        return
    said = f"works with {api_range(policy.info.api)}" if entry.api else ""
    if not teller.check("manifest", [entry.error] if entry.error else [], said):
        return
    sound = teller.check("documented", conformance.check_info(policy))
    misnamed = list(conformance.check_names(policy))
    broken = misnamed or _making(policy)
    sound &= teller.check("hooks", broken, "" if broken else _hooks(policy))
    teller.check("not deprecated", deprecated(policy))
    sound &= teller.check("parameters", conformance.check_parameters(policy))
    if not sound:
        return
    _shut()
    before = Snapshot()
    guard = gate.guard_of(frozenset({source.name}))
    problems = list(conformance.check_answers(policy, guard))
    apart = [each for each in problems if "GateError" in each]
    fickle = [each for each in problems if "is pure, but" in each]
    mutating = [each for each in problems if "raised AttributeError: can't set" in each]
    others = [each for each in problems if each not in (*apart, *fickle, *mutating)]
    teller.check("answers in range", others)
    teller.check("pure hooks are pure", fickle)
    teller.check("views are left alone", mutating)
    teller.check("no clock, dice, threads, files or network", apart)
    changed = before.undo_changes()
    teller.check("the tool is left alone", [f"changes {', '.join(changed[:3])}"] if changed else [])
    if not problems and not changed:
        _runs(policy, catalog, teller)
        _cost(source, catalog, teller)


def _making(policy: type[Policy]) -> list[str]:
    try:
        conformance.table_of(policy)
    except PolicyError as error:
        return [f"{error.hook}: {error.problem}"]
    return []


def _hooks(policy: type[Policy]) -> str:
    table = conformance.table_of(policy)
    return ", ".join(hook for hook in QUESTIONS if table.implementation(hook))


def _catalog(source: Source) -> Catalog:
    settings = PluginSettings(denied=frozenset({source.name}))
    ours = [each for each in find_sources("policy", settings) if each.is_ours]
    return Catalog([source, *(each for each in ours if each.name != source.name)])


def _small_runs(policy: type[Policy]) -> Iterator[tuple[str, Scenario, str, str]]:
    """Yield each small run: its name, scenario and contender, and the kernel to compare with."""
    name = policy.info.name
    kernels = [name] if policy.info.kind == "kernel" else list(KERNELS)
    for kernel in kernels:
        contender = name if kernel == name else f"{kernel}+{name}"
        for about, scenario in scenarios.small_runs():
            alone = KERNELS[0] if kernel == name else kernel
            yield f"{contender} on {about}", scenario, contender, alone


def _runs(policy: type[Policy], catalog: Catalog, teller: Teller) -> None:
    problems, fickle, dear = [], [], []
    for where, scenario, contender, kernel in _small_runs(policy):
        try:
            once, again = (_run(scenario, contender, catalog) for _ in range(2))
        except Exception as error:  # ours or theirs: the run did not end well
            problems.append(f"{where}: {type(error).__name__}: {error}")
            continue
        if result_hash(once) != result_hash(again):
            fickle.append(f"{where}: two runs of one seed differ")
        alone = _run(scenario, kernel, catalog)
        if once.events > _EVENTS * alone.events + _MORE_EVENTS:
            dear.append(f"{where}: {once.events} events; the kernel needs {alone.events}")
        teller.run(where, result_hash(once))
    teller.check("invariants hold in small runs", problems)
    teller.check("two runs are the same", fickle)
    teller.check("ends within its budget of events", dear)


def _run(scenario: Scenario, contender: str, catalog: Catalog) -> RunResult:
    table = build_table(parse_contender(contender, catalog), catalog)
    result = simulate(scenario, contender, table, 1, check=True)
    table.recheck()
    return result


def _cost(source: Source, catalog: Catalog, teller: Teller) -> None:
    policy = catalog.get(source.name)
    guard = gate.guard_of(frozenset({source.name}))
    found = cost.costs(lambda: conformance.table_of(policy, None, guard))
    slow = [
        f"{each}; at most {cost.FIRST_NS} ns, and {cost.REMEMBERED_NS} ns remembered"
        for each in found
        if not each.is_fine
    ]
    teller.check("cost of a decision", slow, "; ".join(map(str, found)))


def _shut() -> None:
    gate.shut()
    sys.addaudithook(_audit)


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if not event.startswith(_FORBIDDEN) or not gate.inside():
        return
    if event == "open" and str(arguments[0]).endswith((".py", ".pyc")):
        return  # a module imported late
    what = f"{event} {arguments[0]}" if event == "open" else event
    raise gate.GateError(f"{gate.inside()} causes {what}: a hook has no files and no network")


# ---- extensions ---------------------------------------------------------------------------------


def _check_extension(source: Source, found: Any, teller: Teller, *, brief: bool) -> None:
    extension = Extension(replace(source, policy=found))
    if not brief:
        teller.check("manifest", [extension.error] if extension.error else [])
        documented = (getattr(found, "__doc__", None) or "").strip()
        teller.check("documented", [] if documented else [f"{source.module} has no docstring"])
        if hasattr(found, "Parameters"):
            teller.check("parameters", conformance.check_parameters(found))
    if not extension.error:
        if source.kind in ("metric", "report"):
            _shut()
        with plugged(source.kind, found):  # type: ignore[arg-type]  # it was announced as one
            _check_behaviour(source, extension.load(), teller)


def _check_behaviour(source: Source, made: Any, teller: Teller) -> None:
    try:
        results = list(_results(source, made))
    except Exception as error:  # ours or theirs: the run did not end well
        teller.check("invariants hold in small runs", [f"{type(error).__name__}: {error}"])
        return
    teller.check("invariants hold in small runs", [])
    once, again = results
    teller.check("two runs are the same", [] if once == again else ["two runs of one seed differ"])
    teller.run(source.name, once)


def _results(source: Source, made: Any) -> Iterator[str]:
    for _ in range(2):
        if source.kind in ("filesystem", "device", "workload"):
            scenario = scenarios.with_plugin(source.kind, source.name)
        elif source.kind == "scenario":
            scenario = load_scenario(source.name)
        else:
            scenario = next(iter(scenarios.small_runs()))[1]
        result = _run(scenario, KERNELS[0], Catalog.installed())
        yield _said(source.kind, made, result) or result_hash(result)


def _said(kind: str, made: Any, result: RunResult) -> str:
    """Return what an extension that looks at a finished run says; empty for other kinds."""
    if kind == "metric":
        return repr(measure_with(made, result))
    return repr(render_with(made, _compared(result))) if kind == "report" else ""


def _compared(result: RunResult) -> Comparison:
    request = RunRequest(0, result.scenario, "", "", result.contender, result.seed)
    head = ComparisonHead(
        result.scenario, "", "verdict", "", (result.contender,), (result.seed,), __version__
    )
    return summarise("c0ffee00", head, [record_of(request, result)])


warnings.simplefilter("ignore", DeprecationWarning)  # it has a check of its own
