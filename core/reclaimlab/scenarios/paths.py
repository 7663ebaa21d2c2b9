"""Which model stands at a dotted path of a scenario's data, and which names exist there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from reclaimlab.errors import did_you_mean
from reclaimlab.scenarios.document import Path, Problem
from reclaimlab.scenarios.plugged import option_names
from reclaimlab.scenarios.schema import (
    DeviceSpec,
    FilesystemSpec,
    Header,
    MachineSpec,
    MemcgSpec,
    Parameter,
    RecordingRef,
    ScenarioFile,
)
from reclaimlab.scenarios.tasks import task_model

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reclaimlab.scenarios.fields import Model

_TABLES: Final[dict[str, type[Model]]] = {
    "scenario": Header,
    "machine": MachineSpec,
    "recording": RecordingRef,
}
_NAMED: Final[dict[str, type[Model]]] = {
    "parameters": Parameter,
    "memcg": MemcgSpec,
    "device": DeviceSpec,
    "filesystem": FilesystemSpec,
}

SETTABLE: Final = ("scenario", "machine", "memcg", "device", "filesystem", "task")


def tables(data: Mapping[str, Any], section: str) -> dict[str, dict[str, Any]]:
    """Return the tables ``[section.NAME]`` that really are tables."""
    found = data.get(section)
    named = found if isinstance(found, dict) else {}
    return {name: table for name, table in named.items() if isinstance(table, dict)}


def sections(data: Mapping[str, Any]) -> list[str]:
    """Return the sections whose values can be set: no parameters, which have bare names."""
    return [name for name in SETTABLE if isinstance(data.get(name), dict)]


def model_at(data: Mapping[str, Any], path: Sequence[str]) -> type[Model] | None:
    """Return the model of the table at ``path``, or None where no single model stands."""
    match path:
        case []:
            return ScenarioFile
        case [section]:
            return _TABLES.get(section)
        case ["task", name]:
            return task_model(tables(data, "task").get(name, {}).get("program"))
        case [section, _]:
            return _NAMED.get(section)
        case _:
            return None


def locate(data: Mapping[str, Any], dotted: str) -> Path | Problem:
    """Return the path of the value that ``dotted`` names, or what is wrong with it.

    A single word is a key of ``[scenario]``.
    """
    path = tuple(dotted.split("."))
    if len(path) == 1 and path[0] in Header.model_fields:
        path = ("scenario", *path)
    for depth, part in enumerate(path):
        known = _names(data, path[:depth])
        if part not in known:
            where = ".".join(path[:depth])
            what = f"in {where} there are" if where else "known are"
            return Problem(path, f"{part!r} does not exist; {did_you_mean(part, known, what=what)}")
    if _names(data, path):
        return Problem(path, f"is a table, not a value; it has {', '.join(_names(data, path))}")
    return path


def known_paths(data: Mapping[str, Any]) -> Iterator[str]:
    """Yield the dotted path of every value that can be set."""
    for section in _names(data, ()):
        for name in _names(data, (section,)):
            below = _names(data, (section, name))
            yield from (f"{section}.{name}.{key}" for key in below)
            if not below:
                yield f"{section}.{name}"


def _names(data: Mapping[str, Any], path: Sequence[str]) -> list[str]:
    if not path:
        return sections(data)
    if len(path) == 3 and path[2] == "options":
        return option_names(path[0], tables(data, path[0]).get(path[1], {}))
    if model := model_at(data, path):
        return [key for key in model.model_fields if key != "measured"]
    return list(tables(data, path[0])) if len(path) == 1 else []
