"""What pydantic found wrong, in words for people: the value, the rule, and the way out."""

from __future__ import annotations

import reprlib
from typing import TYPE_CHECKING, Any, Final

from reclaimlab.errors import did_you_mean
from reclaimlab.hosting.extensions import extensions
from reclaimlab.scenarios.document import Path, Problem
from reclaimlab.scenarios.paths import model_at
from reclaimlab.scenarios.tasks import PROGRAMS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails


def problems_of(error: ValidationError, data: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield every problem in ``error``; ``data`` is what was validated."""
    for details in error.errors(include_url=False):
        # A default that depends on a faulty value is no fault of its own.
        if details["type"] == "default_factory_not_called":
            continue
        path = _path(details)
        if path[0] == "parameters" and len(details["loc"]) > len(path):
            yield Problem(path, "is neither text, nor a number, nor true or false")
        else:
            yield Problem(path, _message(details, path, data))


def _path(details: ErrorDetails) -> Path:
    parts = [str(part) for part in details["loc"]]
    if parts[0] == "task" and len(parts) > 2:
        del parts[2]  # pydantic puts the program there, the file does not
    # What comes deeper than a key is pydantic's: "[key]", a member of a union, an item's number.
    return tuple(parts[: 2 if parts[0] in _FLAT else 3] if parts[-1] != "[key]" else parts[:2])


_FLAT: Final = frozenset({"scenario", "machine", "recording"})


def _message(details: ErrorDetails, path: Path, data: Mapping[str, Any]) -> str:
    kind, value, context = details["type"], details["input"], details.get("ctx", {})
    if kind == "extra_forbidden":
        model = model_at(data, path[:-1])
        known = model.model_fields if model else ()
        return f"unknown key {path[-1]!r}; {did_you_mean(path[-1], known, what='known keys')}"
    if kind == "missing":
        return _missing(path, data)
    if kind == "value_error":
        return str(context["error"])
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return _program(value)
    if kind == "literal_error":
        return _literal(value, str(context["expected"]))
    if words := _WORDS.get(kind):
        return words(value, context)
    return f"{_show(value)}: {details['msg'][:1].lower()}{details['msg'][1:]}"


def _show(value: object) -> str:
    # A table or a list may be as long as the file.
    if isinstance(value, dict | list):
        return "a table" if isinstance(value, dict) else "a list"
    return reprlib.repr(value)


def _missing(path: Path, data: Mapping[str, Any]) -> str:
    model = model_at(data, path[:-1])
    info = model.model_fields.get(path[-1]) if model else None
    meaning = f": {info.description}" if info and info.description else ""
    return f"{'table' if len(path) == 1 else 'key'} {path[-1]!r} is missing{meaning}"


def _program(value: object) -> str:
    program = value.get("program") if isinstance(value, dict) else None
    if program is None:
        return f"key 'program' is missing; programs: {', '.join(PROGRAMS)}"
    known = [*PROGRAMS, *extensions("workload")]
    return f"unknown program {program!r}; {did_you_mean(str(program), known, what='programs')}"


def _literal(value: object, expected: str) -> str:
    allowed = [word.strip("' ") or "''" for word in expected.replace(" or ", ", ").split(",")]
    return f"{_show(value)} is not allowed; {did_you_mean(str(value), allowed, what='allowed are')}"


_WORDS: Final[dict[str, Callable[[Any, Mapping[str, Any]], str]]] = {
    "int_type": lambda value, _: f"{_show(value)} is not a whole number",
    "float_type": lambda value, _: f"{_show(value)} is not a number",
    "bool_type": lambda value, _: f"{_show(value)} is not true or false",
    "string_type": lambda value, _: f"{_show(value)} is not text; put it in quotes",
    "model_type": lambda value, _: f"{_show(value)} is not a table of keys",
    "model_attributes_type": lambda value, _: f"{_show(value)} is not a table of keys",
    "dict_type": lambda value, _: f"{_show(value)} is not a table of named tables",
    "tuple_type": lambda value, _: f"{_show(value)} is not a list",
    "finite_number": lambda value, _: f"{_show(value)} is not a finite number",
    "greater_than_equal": lambda value, rule: f"{_show(value)} is under the least, {rule['ge']}",
    "less_than_equal": lambda value, rule: f"{_show(value)} is over the most, {rule['le']}",
    "string_too_short": lambda _, __: "is empty",
    "too_short": lambda _, __: "is empty",
    "string_pattern_mismatch": lambda value, _: (
        f"{_show(value)} is not a name; names are small letters, digits, '-' and '_'"
        if "\n" not in value
        else "has more than one line"
    ),
}
"""What pydantic calls a fault -> our words for it, from the value and the rule."""
