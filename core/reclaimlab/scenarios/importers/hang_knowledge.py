"""What is known of hangs, as data: what a function waits for, known patterns, recorded cures."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reclaimlab.scenarios.importers.hungtask import HungReport, HungTask

_HERE: Final = files("reclaimlab.scenarios.importers")


@dataclass(frozen=True, slots=True)
class Wait:
    """What a task waits for, and the function that says so."""

    resource: str
    """Kind of the resource; empty if the function is not in the table."""
    symbol: str


@dataclass(frozen=True, slots=True)
class Pattern:
    """A known hang: the stacks that show it, and the scenario that reproduces it."""

    name: str
    scenario: str
    source: str
    stacks: tuple[tuple[frozenset[str], tuple[str, ...]], ...]
    """Kinds of tasks, and functions in order, innermost first; bars part names of one function."""

    def tasks_of(self, report: HungReport) -> list[HungTask] | None:
        """Return the tasks that show the pattern; None if one of its stacks is missing."""
        found: dict[str, HungTask] = {}
        for kinds, symbols in self.stacks:
            shown = [t for t in report.tasks if kind_of(t) in kinds and _in_order(symbols, t.stack)]
            if not shown:
                return None
            found |= {str(task): task for task in shown}
        return list(found.values())


@dataclass(frozen=True, slots=True)
class Cures:
    """Recorded verdicts of the runs of one scenario."""

    seeds: int
    """Runs of each contender."""
    ok: tuple[str, ...]
    """Contenders that every run was ok with."""
    hangs: tuple[str, ...]
    """Contenders that a run stalled or deadlocked with."""
    others: tuple[str, ...]
    """Contenders that neither hang nor are ok in every run: they kill instead."""


def kind_of(task: HungTask) -> str:
    """Return the kind of task that a stack is of: worker, kernel thread, or user."""
    kinds = (each["name"] for each in _data()["kind"] if set(each["symbols"]) & set(task.stack))
    return next(kinds, "user")


def wait_of(task: HungTask) -> Wait:
    """Return what the innermost function of ``task`` that is known waits for."""
    data, lock = _data(), None
    for symbol in task.stack:
        if symbol in data["plumbing"]:
            continue
        if resource := _resource("waits", symbol):
            return Wait(resource, symbol)
        if (generic := _resource("locks", symbol)) is None:
            return lock or Wait("", symbol)
        lock = lock or Wait(generic, symbol)
    return lock or Wait("", task.stack[0] if task.stack else "")


def held_by(task: HungTask) -> dict[str, str]:
    """Return what ``task`` may have, or must give back: resource -> the function that says so."""
    held: dict[str, str] = {}
    for symbol in task.stack:
        for resource, symbols in _data()["holds"].items():
            if symbol in symbols:
                held.setdefault(resource, symbol)
    return held


@cache
def patterns() -> tuple[Pattern, ...]:
    """Return the known patterns, the more telling ones first."""
    return tuple(
        Pattern(
            each["name"], each["scenario"], each["source"],
            tuple((frozenset(s["kinds"]), tuple(s["symbols"])) for s in each["stack"]),
        )
        for each in _data()["pattern"]
    )  # fmt: skip


@cache
def cures(scenario: str) -> Cures:
    """Return what the recorded runs of a pattern's scenario came to, by contender."""
    each = json.loads((_HERE / "hungtask_cures.json").read_text(encoding="utf-8"))[scenario]
    return Cures(each["seeds"], *(tuple(each[name]) for name in ("ok", "hangs", "others")))


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads((_HERE / "hungtask.toml").read_text(encoding="utf-8"))


def _resource(table: str, symbol: str) -> str | None:
    return next((name for name, symbols in _data()[table].items() if symbol in symbols), None)


def _in_order(symbols: Sequence[str], stack: Sequence[str]) -> bool:
    rest = iter(stack)
    return all(any(name in names.split("|") for name in rest) for names in symbols)
