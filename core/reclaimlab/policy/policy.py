"""What a policy is: a class with a name, parameters and hook implementations.

One instance per run, made from its parameters; a policy keeps no state outside itself.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Protocol

from reclaimlab.errors import did_you_mean
from reclaimlab.units import UnitError, format_bytes, format_time, parse_bytes, parse_time

Unit = Literal["", "time", "bytes", "pages", "ratio"]


@dataclass(frozen=True, slots=True)
class NoParameters:
    """The parameters of a policy that has none."""


def parameter(
    default: Any,
    doc: str,
    *,
    unit: Unit = "",
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    """Declare one field of a policy's parameters: the command line, the window and reports read it.

    Args:
        default: the value when none is given; in nanoseconds, bytes or pages if ``unit`` says so.
        doc: one sentence: what it changes, and what a larger value costs.
        unit: how people write the value.
        low: smallest allowed value.
        high: largest allowed value.
        choices: the allowed words, for a parameter that is a word.
    """
    metadata = {"doc": doc, "unit": unit, "low": low, "high": high, "choices": choices}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True)
class PolicyInfo:
    """What a policy says of itself."""

    name: str
    title: str
    """One line, as in a table."""
    claim: str
    """One sentence: what it is said to cure."""
    references: tuple[str, ...] = ()
    """Commits (12 hex digits and subject) and Message-IDs."""
    kind: Literal["kernel", "fix"] = "fix"
    version: str = "1"
    """Changes when an answer changes; stored with every run."""
    api: tuple[int, int] = (1, 0)
    row: str = ""
    """The row of the table of candidate fixes (``F2``), if it stands there."""


class Policy:
    """Base of all policies: holds the parameters.

    A subclass sets :attr:`info`, may set :attr:`Parameters` to a frozen dataclass of
    :func:`parameter` fields, and implements hooks with ``@hookimpl``.
    """

    info: ClassVar[PolicyInfo]
    Parameters: ClassVar[type[Any]] = NoParameters

    def __init__(self, parameters: Any = None) -> None:
        self.parameters = self.Parameters() if parameters is None else parameters


class HasParameters(Protocol):
    """A policy's class, or an extension: ``Parameters`` is a dataclass of :func:`parameter`."""

    Parameters: ClassVar[type[Any]]


def parameter_fields(
    owner: type[Policy] | type[HasParameters] | HasParameters,
) -> tuple[dataclasses.Field[Any], ...]:
    """Return the declared parameters of a policy or an extension, in order."""
    return dataclasses.fields(owner.Parameters)


def format_parameter(spec: dataclasses.Field[Any], value: Any) -> str:
    """Return ``value`` as people write it, in the unit that ``spec`` declares."""
    unit = spec.metadata.get("unit", "")
    if unit == "time":
        return format_time(value)
    if unit == "bytes":
        return format_bytes(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def parse_parameter(spec: dataclasses.Field[Any], text: str) -> Any:
    """Return the value that ``text`` writes for ``spec``.

    Raises:
        ValueError: not of the declared type, out of range, or not one of the choices; the message
            names the rule.
    """
    try:
        value = _typed(spec, text)
    except UnitError as error:
        msg = f"{spec.name}: {error}"
        raise ValueError(msg) from None
    choices = spec.metadata.get("choices", ())
    if choices and value not in choices:
        msg = f"{spec.name} is {text!r}; {did_you_mean(text, choices, what='it is one of')}"
        raise ValueError(msg)
    low, high = spec.metadata.get("low"), spec.metadata.get("high")
    if low is not None and value < low:
        msg = f"{spec.name} is {text}, below its least value {format_parameter(spec, low)}"
        raise ValueError(msg)
    if high is not None and value > high:
        msg = f"{spec.name} is {text}, over its greatest value {format_parameter(spec, high)}"
        raise ValueError(msg)
    return value


def _typed(spec: dataclasses.Field[Any], text: str) -> Any:
    unit = spec.metadata.get("unit", "")
    if unit == "time":
        return parse_time(text)
    if unit == "bytes":
        return parse_bytes(text)
    if isinstance(spec.default, bool):
        if text not in ("true", "false"):
            msg = f"{spec.name} is {text!r}; it is true or false"
            raise ValueError(msg)
        return text == "true"
    if isinstance(spec.default, int):
        try:
            return int(text)
        except ValueError:
            msg = f"{spec.name} is {text!r}; it is a whole number"
            raise ValueError(msg) from None
    if isinstance(spec.default, float):
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            msg = f"{spec.name} is {text!r}; it is a number"
            raise ValueError(msg)
        return number
    return text
