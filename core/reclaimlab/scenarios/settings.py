"""Parameters and ``--set``: values that are put into a scenario before it is checked."""

from __future__ import annotations

import difflib
import tomllib
from typing import TYPE_CHECKING, Any, Final, get_args

from reclaimlab.errors import did_you_mean
from reclaimlab.scenarios.document import SETTING, Document, Path, Problem
from reclaimlab.scenarios.fields import RATE, SIZE, TIME, Quantity
from reclaimlab.scenarios.paths import known_paths, locate, model_at, sections, tables
from reclaimlab.scenarios.schema import Header
from reclaimlab.units import UnitError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

UNITS: Final[dict[str, Quantity]] = {"bytes": SIZE, "rate": RATE, "time": TIME}
"""Unit of a parameter -> how its value is read."""


def apply_settings(document: Document, settings: Sequence[str]) -> list[Problem]:
    """Put the parameters' values, then ``settings`` ("name=value"), into ``document``.

    A setting by a parameter's bare name changes the parameter. One by a dotted path is stronger
    than a parameter that sets the same path, which then sets it no more.
    """
    problems: list[Problem] = []
    dotted: list[tuple[Path, str]] = []
    parameters = tables(document.data, "parameters")
    for setting in settings:
        name, equals, text = (part.strip() for part in setting.partition("="))
        if not equals or not name:
            problems.append(Problem(SETTING, f"{setting!r} is no setting; write path=value"))
        elif name in parameters:
            problems += _choose(document, name, text)
        elif isinstance(path := _find(document.data, name), Problem):
            problems.append(path)
        elif path[0] == "memcg" and path[-1] == "limit" and _is_zero(text):
            problems.append(Problem(SETTING, f"{name}: 0 is no limit at all; give a size"))
        else:
            dotted.append((path, text))
            # At once too: the next setting may be an option of the plugin that this one names.
            _put(document, path, _value(document.data, path, text), SETTING)
    for name, parameter in parameters.items():
        problems += _spread(document, name, parameter)
    for path, text in dotted:
        _detach(document.data, path)
        _put(document, path, _value(document.data, path, text), SETTING)
    return problems


def same_value(unit: str, one: object, other: object) -> bool:
    """Whether two values of a parameter mean the same, such as 5M and 5MiB."""
    quantity = UNITS.get(unit)
    try:
        return one == other or (quantity is not None and quantity.read(one) == quantity.read(other))
    except UnitError:
        return False


def _is_zero(text: str) -> bool:
    # In a file 0 is the word for none; as a setting, and in a sweep, it looks like the least size,
    # which is what the kernel takes it for.
    try:
        return SIZE.read(text) == 0
    except UnitError:
        return False


def _find(data: Mapping[str, Any], name: str) -> Path | Problem:
    path = locate(data, name)
    if not isinstance(path, Problem):
        return path
    first, dot, _ = name.partition(".")
    if first in data:
        return Problem(SETTING, f"{name}: {path.message}")
    parameters = ", ".join(tables(data, "parameters")) or "none"
    known = [*tables(data, "parameters"), *Header.model_fields, *known_paths(data)]
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    what = f"a path begins with {', '.join(sections(data))}" if dot else "or give a dotted path"
    return Problem(SETTING, f"{name!r} does not exist; {hint}parameters: {parameters}; {what}")


def _choose(document: Document, name: str, text: str) -> list[Problem]:
    parameter = tables(document.data, "parameters")[name]
    default, choices = parameter.get("default"), parameter.get("choices")
    value = text if isinstance(default, str) else _literal(text)
    if isinstance(choices, list):
        unit = str(parameter.get("unit", ""))
        same = [choice for choice in choices if same_value(unit, choice, value)]
        if not same:
            hint = did_you_mean(text, map(str, choices), what="its choices are")
            return [Problem(SETTING, f"{name}: {text!r} is none of its choices; {hint}")]
        value = same[0]
    _put(document, ("parameters", name, "default"), value, SETTING)
    return []


def _spread(document: Document, name: str, parameter: Mapping[str, Any]) -> list[Problem]:
    here = ("parameters", name)
    paths = parameter.get("sets")
    if "default" not in parameter or not isinstance(paths, list):
        return []  # the schema reports both
    problems = []
    origin = document.origins.get((*here, "default"), (*here, "default"))
    for dotted in filter(lambda item: isinstance(item, str), paths):
        path = locate(document.data, dotted)
        if isinstance(path, Problem):
            problems.append(Problem((*here, "sets"), f"{dotted}: {path.message}"))
        else:
            _put(document, path, parameter["default"], origin)
    return problems


def _detach(data: dict[str, Any], path: Path) -> None:
    for name, parameter in tables(data, "parameters").items():
        sets = parameter.get("sets")
        if not isinstance(sets, list):
            continue
        kept = [item for item in sets if not isinstance(item, str) or locate(data, item) != path]
        if kept:
            parameter["sets"] = kept
        elif sets:
            del data["parameters"][name]


def _put(document: Document, path: Path, value: object, origin: Path) -> None:
    table = document.data
    for part in path[:-1]:
        table = table.setdefault(part, {})  # a plugin's options need not have a table yet
    table[path[-1]] = value
    document.origins[path] = origin


def _value(data: Mapping[str, Any], path: Path, text: str) -> object:
    # A field that holds text or a quantity takes the words as they are; others a TOML literal.
    model = model_at(data, path[:-1])
    info = model.model_fields[path[-1]] if model else None
    if info is None or any(isinstance(mark, Quantity) for mark in info.metadata):
        return text
    return text if str in (info.annotation, *get_args(info.annotation)) else _literal(text)


def _literal(text: str) -> object:
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, (bool, int, float)) else text
