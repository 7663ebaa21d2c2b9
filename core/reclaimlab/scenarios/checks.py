"""What must hold between the tables of a scenario, whatever else is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from reclaimlab.errors import did_you_mean
from reclaimlab.hosting.extensions import usable_extensions
from reclaimlab.measure.records import METRICS
from reclaimlab.scenarios.document import Path, Problem
from reclaimlab.scenarios.fields import SIZE
from reclaimlab.scenarios.paths import tables
from reclaimlab.scenarios.plugged import FILESYSTEM_TYPES, check_options, is_workload
from reclaimlab.scenarios.settings import UNITS, same_value
from reclaimlab.scenarios.tasks import PROGRAMS
from reclaimlab.units import UnitError, format_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_REFERENCES: Final = (
    ("filesystem", "device", "device"),
    ("task", "memcg", "memcg"),
    ("task", "filesystem", "filesystem"),
    ("memcg", "parent", "memcg"),
)
"""Section and key that hold a name, and the section where the name must exist."""

_NEEDS_NO_FILESYSTEM: Final = "mapper"
_ORDERED: Final = (
    ("memcg", "soft_limit", "limit"),
    ("task", "random_min", "random_max"),
    ("task", "object_min", "object_max"),
    ("task", "size_min", "size_max"),
)
"""Sizes of one table of which the first may not be over the second, unless that is 0."""


def cross_check(data: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what is wrong between the tables of ``data``."""
    yield from _references(data)
    yield from _needed(data)
    yield from _orders(data)
    yield from _hierarchy(data)
    yield from _parents(data)
    yield from _decides(data)
    yield from _parameters(data)
    yield from _plugged(data)
    if not data.get("task"):
        yield Problem(("task",), "there is no task; write at least one [task.NAME]")


def _refer(data: Mapping[str, Any], path: Path, name: object, section: str) -> Iterator[Problem]:
    known = tables(data, section)
    if isinstance(name, str) and name and name not in known:
        hint = did_you_mean(name, known, what=f"{section}s")
        yield Problem(path, f"there is no {section} {name!r}; {hint}")


def _references(data: Mapping[str, Any]) -> Iterator[Problem]:
    for section, key, target in _REFERENCES:
        for name, table in tables(data, section).items():
            yield from _refer(data, (section, name, key), table.get(key), target)
    yield from _refer(data, ("machine", "swap_device"), _machine(data).get("swap_device"), "device")


def _needed(data: Mapping[str, Any]) -> Iterator[Problem]:
    for name, table in tables(data, "filesystem").items():
        if table.get("type") != "tmpfs" and not table.get("device"):
            yield Problem(
                ("filesystem", name, "device"), "a filesystem needs a device, but for tmpfs"
            )
    for name, table in tables(data, "task").items():
        known = table.get("program") == _NEEDS_NO_FILESYSTEM or _is_plugged(table)
        if not known and not table.get("filesystem"):
            message = f"a {table.get('program', 'task')} needs a filesystem"
            yield Problem(("task", name, "filesystem"), message)
    machine = _machine(data)
    if _size(machine.get("swap_size")) and not machine.get("swap_device"):
        yield Problem(("machine", "swap_size"), "swap needs a device; give swap_device")


def _orders(data: Mapping[str, Any]) -> Iterator[Problem]:
    for section, low, high in _ORDERED:
        for name, table in tables(data, section).items():
            least, most = _size(table.get(low)), _size(table.get(high))
            if least is not None and most and least > most:
                message = f"{format_bytes(least)} is over {high}, {format_bytes(most)}"
                yield Problem((section, name, low), message)


def _hierarchy(data: Mapping[str, Any]) -> Iterator[Problem]:
    key, gone = {
        "v2": ("soft_limit", "is gone in cgroup v2; use high"),
        "v1": ("high", "is of cgroup v2; in v1 there are limit and soft_limit"),
    }.get(str(_machine(data).get("cgroup")), ("", ""))
    for name, table in tables(data, "memcg").items():
        if _size(table.get(key)):
            yield Problem(("memcg", name, key), f"{key} {gone}")


def _parents(data: Mapping[str, Any]) -> Iterator[Problem]:
    memcgs = tables(data, "memcg")
    for name in memcgs:
        above, seen = memcgs[name].get("parent"), [name]
        while isinstance(above, str) and above in memcgs and above not in seen:
            seen.append(above)
            above = memcgs[above].get("parent")
        if above == name:
            yield Problem(("memcg", name, "parent"), f"goes round: {' -> '.join([*seen, name])}")


def _decides(data: Mapping[str, Any]) -> Iterator[Problem]:
    header = data.get("scenario")
    decides = header.get("decides") if isinstance(header, dict) else None
    known = ["verdict", *METRICS, *usable_extensions("metric")]
    if isinstance(decides, str) and decides not in known:
        hint = did_you_mean(decides, known, what="a scenario is decided by")
        yield Problem(("scenario", "decides"), f"{decides!r} is no metric; {hint}")


def _parameters(data: Mapping[str, Any]) -> Iterator[Problem]:
    for name, table in tables(data, "parameters").items():
        unit, default, choices = (
            str(table.get("unit", "")),
            table.get("default"),
            table.get("choices"),
        )
        for key, value in [("default", default), *(("choices", item) for item in _list(choices))]:
            try:
                if unit in UNITS and isinstance(value, str | int | float):
                    UNITS[unit].read(value)
            except UnitError as error:
                yield Problem(("parameters", name, key), str(error))
        known = _list(choices)
        if known and not any(same_value(unit, default, choice) for choice in known):
            hint = did_you_mean(str(default), map(str, known), what="choices")
            yield Problem(("parameters", name, "default"), f"{default!r} is no choice; {hint}")


def _is_plugged(task: Mapping[str, Any]) -> bool:
    program = task.get("program")
    return program not in PROGRAMS and is_workload(program)


def _plugged(data: Mapping[str, Any]) -> Iterator[Problem]:
    for name, table in tables(data, "filesystem").items():
        if table.get("type") not in FILESYSTEM_TYPES or "options" in table:
            yield from check_options("filesystem", ("filesystem", name), table, "type")
    for name, table in tables(data, "device").items():
        if "model" in table or "options" in table:
            yield from check_options("device", ("device", name), table, "model")
    for name, table in tables(data, "task").items():
        if _is_plugged(table):
            yield from check_options("workload", ("task", name), table, "program")


def _machine(data: Mapping[str, Any]) -> Mapping[str, Any]:
    machine = data.get("machine")
    return machine if isinstance(machine, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _size(value: object) -> int | None:
    # None where there is none or where it cannot be read, which the schema reports.
    try:
        return SIZE.read(value)
    except UnitError:
        return None
