"""The fields of a form, generated: a scenario's knobs and values, a policy's parameters."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reclaimlab.errors import ReclaimlabError, ScenarioError
from reclaimlab.hosting.contender import parse_contender
from reclaimlab.policy.policy import format_parameter, parameter_fields, parse_parameter
from reclaimlab.runs.run import installed_policies
from reclaimlab.scenarios.paths import model_at
from reclaimlab.scenarios.reader import load_scenario, scenario_toml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reclaimlab.scenarios.schema import Scenario

_SECTIONS = ("scenario", "machine", "memcg", "device", "filesystem", "task")
_FIXED = frozenset({"name", "title", "description", "source", "decides", "program", "kernel"})


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form."""

    name: str
    """As ``--set`` takes it, or a parameter's name."""
    group: str
    doc: str
    value: str
    """As people write it."""
    choices: tuple[str, ...] = ()


def scenario_fields(scenario: Scenario) -> list[Field]:
    """Return a field a knob of ``scenario``, then one a value of each of its tables."""
    found = [
        Field(
            name=name,
            group="knobs",
            doc=knob.doc,
            value=_written(knob.default),
            choices=tuple(map(_written, knob.choices or ())),
        )
        for name, knob in scenario.parameters.items()
    ]
    data = tomllib.loads(scenario_toml(scenario))
    for section in _SECTIONS:
        found += _section(data, section)
    return found


def _section(data: Mapping[str, Any], section: str) -> Iterator[Field]:
    table = data.get(section, {})
    if section in ("scenario", "machine"):
        yield from _fields(data, (section,), table)
    else:
        for name, values in table.items():
            yield from _fields(data, (section, name), values)


def _fields(
    data: Mapping[str, Any], path: Sequence[str], values: Mapping[str, Any]
) -> Iterator[Field]:
    model = model_at(data, path)
    if model is None:
        return
    for name, info in model.model_fields.items():
        if name in _FIXED or name not in values:
            continue
        shown = ".".join(path)
        dotted = name if path == ("scenario",) else f"{shown}.{name}"
        choices = _literals(info.annotation)
        yield Field(dotted, shown, info.description or "", _written(values[name]), choices)


def _literals(annotation: Any) -> tuple[str, ...]:
    found = getattr(annotation, "__args__", ())
    if annotation is bool:
        return ("false", "true")
    return tuple(found) if found and all(isinstance(each, str) for each in found) else ()


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def faults_of(name: str, settings: Sequence[str]) -> dict[str, str]:
    """Return what is wrong with a scenario so set: field -> message; "" for the whole of it."""
    try:
        load_scenario(name, settings)
    except ScenarioError as error:
        found: dict[str, str] = {}
        names = [setting.partition("=")[0].strip() for setting in settings]
        for fault in error.faults:
            found.setdefault(_field_of(fault.path, fault.message, names), fault.message)
        return found
    except ReclaimlabError as error:
        return {"": str(error)}
    return {}


def _field_of(path: str, message: str, names: Sequence[str]) -> str:
    bare = path.removeprefix("scenario.")
    for name in names:
        if name in (path, bare) or message.startswith(f"{name}:") or f"'{name}'" in message:
            return name
        if path == f"parameters.{name}.default":
            return name
    return bare if bare in names else ""


def policy_fields(policy: str) -> list[Field]:
    """Return a field a parameter of a policy.

    Raises:
        ContenderError: there is no such policy, or it cannot be used.
    """
    found = []
    for spec in parameter_fields(installed_policies().get(policy)):
        choices = spec.metadata.get("choices", ())
        if isinstance(spec.default, bool):
            choices = ("false", "true")
        value = format_parameter(spec, spec.default)
        found.append(Field(spec.name, policy, spec.metadata["doc"], value, tuple(choices)))
    return found


def parameter_fault(policy: str, name: str, text: str) -> str:
    """Return what is wrong with a parameter's value; empty if nothing is."""
    for spec in parameter_fields(installed_policies().get(policy)):
        if spec.name == name:
            try:
                parse_parameter(spec, text)
            except ValueError as error:
                return str(error)
    return ""


def contender_fault(text: str) -> str:
    """Return what is wrong with a contender; empty if nothing is."""
    try:
        parse_contender(text, installed_policies())
    except ReclaimlabError as error:
        return str(error).splitlines()[0]
    return ""
