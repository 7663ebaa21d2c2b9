"""The canonical TOML text of a scenario, which reads back as an equal scenario, and its hash."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from reclaimlab.scenarios.fields import Quantity
from reclaimlab.scenarios.schema import Body, Header

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from reclaimlab.scenarios.fields import Model
    from reclaimlab.scenarios.schema import Scenario


def scenario_toml(scenario: Scenario, *, defaults: bool = True) -> str:
    """Return ``scenario`` as TOML, in the order in which it holds its tables.

    With ``defaults`` every key is written, so that the text keeps its meaning should a default ever
    change; without, only the keys that were given, for people to read.
    """
    blocks = [_table("scenario", scenario, Header.model_fields, defaults=defaults)]
    for section in Body.model_fields:
        value = getattr(scenario, section)
        tables = value if isinstance(value, Mapping) else {"": value}
        for name, model in tables.items():
            if model is not None:
                path = f"{section}.{name}" if name else section
                fields = type(model).model_fields
                blocks.append(_table(path, model, fields, defaults=defaults))
    return "\n".join(blocks)


def scenario_hash(scenario: Scenario) -> str:
    """Return the sha256 of the canonical text, in hex."""
    return hashlib.sha256(scenario_toml(scenario).encode()).hexdigest()


def _table(path: str, model: Model, fields: Mapping[str, FieldInfo], *, defaults: bool) -> str:
    lines = [f"[{path}]"]
    tail = ""
    for key, info in fields.items():
        value = getattr(model, key)
        if value is None or not (defaults or key in model.model_fields_set):
            continue
        if isinstance(value, Mapping):
            rows = [f"{_key(name)} = {_literal(each)}" for name, each in value.items()]
            tail = "\n".join(["", f"[{path}.{key}]", *rows, ""])
        else:
            lines.append(f"{key} = {_value(value, info)}")
    return "\n".join([*lines, ""]) + tail


def _value(value: object, info: FieldInfo) -> str:
    unit = next((mark for mark in info.metadata if isinstance(mark, Quantity)), None)
    if unit is not None and isinstance(value, int):
        return _string(unit.write(value))
    return _literal(value)


def _literal(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, tuple):
        return "[" + ", ".join(_literal(item) for item in value) + "]"
    return repr(value)


def _key(name: str) -> str:
    return name if re.fullmatch("[A-Za-z0-9_-]+", name) else _string(name)


def _string(text: str) -> str:
    # A JSON string is a TOML basic string but for DEL, which TOML wants escaped.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
