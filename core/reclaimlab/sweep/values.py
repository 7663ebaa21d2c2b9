"""What kind of value stands at a path, so that a range of it can be counted through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, get_args

from reclaimlab.errors import ReclaimlabError, did_you_mean
from reclaimlab.hosting.contender import parse_contender
from reclaimlab.policy.policy import parameter_fields
from reclaimlab.runs.run import installed_policies
from reclaimlab.scenarios.document import parse
from reclaimlab.scenarios.fields import RATE, SIZE, TIME, Quantity
from reclaimlab.scenarios.paths import known_paths, locate, model_at, tables
from reclaimlab.units import KIB

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class SweepError(ReclaimlabError):
    """What was asked of a sweep cannot be done."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How values of one kind are read, and written back."""

    name: str
    read: Callable[[str], float]
    write: Callable[[float], str]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        msg = f"{text!r} is not a number"
        raise ValueError(msg) from None


def _no_number(text: str) -> float:
    msg = f"{text!r} cannot be counted from; give a list, such as a,b,c"
    raise ValueError(msg)


def _of(name: str, quantity: Quantity, grain: int) -> Kind:
    def write(number: float) -> str:
        # A value in between need not be odd: whole pages, whole kB/s, whole microseconds.
        whole = round(number / grain) * grain if number >= 16 * grain else round(number)
        return quantity.write(whole)

    return Kind(name, lambda text: quantity.read(text), write)


BYTES: Final = _of("bytes", SIZE, 4 * KIB)
BYTES_A_SECOND: Final = _of("bytes/s", RATE, 1000)
SECONDS: Final = _of("s", TIME, 1000)
COUNT: Final = Kind("count", _number, lambda number: str(round(number)))
NUMBER: Final = Kind("number", _number, lambda number: f"{number:.6g}")
WORD: Final = Kind("word", _no_number, str)

_OF_QUANTITY: Final = {id(SIZE): BYTES, id(RATE): BYTES_A_SECOND, id(TIME): SECONDS}
_OF_UNIT: Final = {"bytes": BYTES, "rate": BYTES_A_SECOND, "time": SECONDS, "count": COUNT}


def kind_of(name: str, scenario_text: str, source: str, contenders: Sequence[str]) -> Kind:
    """Return the kind of the value ``name``: a path, a parameter's name, or POLICY.PARAMETER.

    Raises:
        SweepError: there is no such value; the message names the near one.
    """
    data = parse(scenario_text, source).data
    parameters = tables(data, "parameters")
    if name in parameters:
        return _of_parameter(data, parameters[name])
    policies = policy_parameters(contenders)
    if name in policies:
        return _of_field(policies[name])
    path = locate(data, name)
    if isinstance(path, tuple):
        return _of_path(data, path)
    known = [*parameters, *known_paths(data), *policies]
    near = did_you_mean(name, known, what="known").partition("known: ")[0]
    what = f"parameters: {', '.join(parameters) or 'none'}; of the contenders: "
    msg = f"there is no value {name!r} in {source}; {near}{what}{', '.join(policies) or 'none'}"
    raise SweepError(msg)


def policy_parameters(contenders: Sequence[str]) -> dict[str, Any]:
    """Return the parameters of the contenders' policies, as POLICY.PARAMETER."""
    catalog = installed_policies()
    return {
        f"{choice.name}.{spec.name}": spec
        for contender in contenders
        for choice in parse_contender(contender, catalog).policies
        for spec in parameter_fields(catalog.policies[choice.name])
    }


def _of_parameter(data: Mapping[str, Any], parameter: Mapping[str, Any]) -> Kind:
    unit = str(parameter.get("unit", ""))
    if unit in _OF_UNIT:
        return _OF_UNIT[unit]
    for dotted in parameter.get("sets", ()):
        path = locate(data, str(dotted))
        if isinstance(path, tuple):
            return _of_path(data, path)
    return WORD


def _of_path(data: Mapping[str, Any], path: tuple[str, ...]) -> Kind:
    model = model_at(data, path[:-1])
    info = model.model_fields[path[-1]] if model else None
    if info is None:
        return WORD
    for mark in info.metadata:
        if isinstance(mark, Quantity):
            return _OF_QUANTITY[id(mark)]
    types = (info.annotation, *get_args(info.annotation))
    if bool in types:
        return WORD
    return COUNT if int in types else NUMBER if float in types else WORD


def _of_field(spec: Any) -> Kind:
    unit = spec.metadata.get("unit", "")
    if unit in ("time", "bytes"):
        return _OF_UNIT[unit]
    if isinstance(spec.default, bool) or spec.metadata.get("choices"):
        return WORD
    return {int: COUNT, float: NUMBER}.get(type(spec.default), WORD)
