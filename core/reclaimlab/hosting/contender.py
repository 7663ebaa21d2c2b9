"""Contenders: one side of a comparison, and the grammar people write it in.

``KERNEL[+FIX[(param=value,...)]]...``, such as ``linux-3.10+congestion-wait(timeout=1s)``.
A kernel may have parameters too. The last fix named is asked first, the kernel last.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NoReturn

from reclaimlab.errors import ContenderError, UnusablePluginError, did_you_mean
from reclaimlab.policy.policy import format_parameter, parameter_fields, parse_parameter

if TYPE_CHECKING:
    from reclaimlab.hosting.catalog import Catalog
    from reclaimlab.policy import Policy

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_PARAMETER: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_VALUE: Final = re.compile(r"[^\s,()+=][^,()+=]*")


@dataclass(frozen=True, slots=True)
class PolicyChoice:
    """A policy with its parameters; as text, only those that differ from the default."""

    name: str
    parameters: Any
    version: str = "1"

    def __str__(self) -> str:
        changed = [
            f"{spec.name}={format_parameter(spec, value)}"
            for spec in _fields(self.parameters)
            if (value := getattr(self.parameters, spec.name)) != spec.default
        ]
        return f"{self.name}({','.join(changed)})" if changed else self.name


@dataclass(frozen=True, slots=True)
class Contender:
    """A kernel and the fixes over it; ``str()`` is the canonical spelling."""

    kernel: PolicyChoice
    fixes: tuple[PolicyChoice, ...] = ()

    @property
    def policies(self) -> tuple[PolicyChoice, ...]:
        """The kernel, then the fixes as they were named."""
        return (self.kernel, *self.fixes)

    def versions(self) -> dict[str, str]:
        """Return the version of each policy's answers, by name."""
        return {choice.name: choice.version for choice in self.policies}

    def __str__(self) -> str:
        return "+".join(map(str, self.policies))


def parse_contender(text: str, catalog: Catalog) -> Contender:
    """Return the contender that ``text`` writes.

    Raises:
        ContenderError: grammar, an unknown name, a bad value, or a policy in the wrong place.
        UnusablePluginError: a policy cannot be imported or is not allowed here.
    """
    reader = _Reader(text)
    kernel, *fixes = reader.terms()
    choices = [_choose(reader, kernel, catalog, wanted="kernel")]
    for fix in fixes:
        choice = _choose(reader, fix, catalog, wanted="fix")
        if any(choice.name == other.name for other in choices):
            reader.fail(f"{choice.name} is named twice; name it once", fix.at)
        choices.append(choice)
    return Contender(choices[0], tuple(choices[1:]))


@dataclass(frozen=True, slots=True)
class _Setting:
    name: str
    value: str
    at: int
    value_at: int


@dataclass(frozen=True, slots=True)
class _Term:
    name: str
    at: int
    settings: tuple[_Setting, ...]


class _Reader:
    """Reads the grammar from left to right and knows where it stands."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._at = 0

    def terms(self) -> list[_Term]:
        terms = [self._term("a kernel")]
        while self._take("+"):
            terms.append(self._term("a fix"))
        if self._at < len(self.text):
            self.fail(f"{self.text[self._at]!r} stands where '+' or the end is expected")
        return terms

    def fail(
        self, problem: str, at: int | None = None, kind: type[ContenderError] = ContenderError
    ) -> NoReturn:
        """Raise with the text and a mark under the place."""
        at = self._at if at is None else at
        msg = f"contender {self.text!r}: {problem}"
        if "\n" not in self.text:
            msg += f"\n  {self.text}\n  {' ' * at}^"
        raise kind(msg)

    def _term(self, what: str) -> _Term:
        at, name = self._word(_NAME, f"the name of {what}")
        settings: list[_Setting] = []
        if self._take("("):
            while not self._take(")"):
                if settings and not self._take(","):
                    self.fail("')' or ',' is missing")
                settings.append(self._setting())
        return _Term(name, at, tuple(settings))

    def _setting(self) -> _Setting:
        at, name = self._word(_PARAMETER, "a parameter")
        if not self._take("="):
            self.fail(f"'=' and a value are missing after {name!r}")
        value_at, value = self._word(_VALUE, f"a value for {name!r}")
        return _Setting(name, value.rstrip(), at, value_at)

    def _word(self, pattern: re.Pattern[str], what: str) -> tuple[int, str]:
        self._skip_spaces()
        match = pattern.match(self.text, self._at)
        if match is None:
            self.fail(f"{what} is missing")
        start, self._at = match.span()
        self._skip_spaces()
        return start, match.group()

    def _take(self, mark: str) -> bool:
        self._skip_spaces()
        if not self.text.startswith(mark, self._at):
            return False
        self._at += len(mark)
        self._skip_spaces()
        return True

    def _skip_spaces(self) -> None:
        while self._at < len(self.text) and self.text[self._at].isspace():
            self._at += 1


def _choose(reader: _Reader, term: _Term, catalog: Catalog, *, wanted: str) -> PolicyChoice:
    try:
        policy = catalog.get(term.name)
    except ContenderError as error:
        reader.fail(str(error), term.at, type(error))
    if policy.info.kind != wanted:
        reader.fail(_misplaced(policy, catalog), term.at)
    return PolicyChoice(term.name, _parameters(reader, term, policy), policy.info.version)


def _misplaced(policy: type[Policy], catalog: Catalog) -> str:
    name = policy.info.name
    if policy.info.kind == "kernel":
        return (
            f"{name} is a kernel and stands first; after '+' stand fixes: {_list(catalog, 'fix')}"
        )
    kernels = _list(catalog, "kernel")
    return f"{name} is a fix and needs a kernel, as in KERNEL+{name}; kernels: {kernels}"


def _list(catalog: Catalog, kind: str) -> str:
    names = [name for name, each in catalog.policies.items() if each.info.kind == kind]
    return ", ".join(names) or "none is installed"


def _parameters(reader: _Reader, term: _Term, policy: type[Policy]) -> Any:
    specs = {spec.name: spec for spec in parameter_fields(policy)}
    values: dict[str, Any] = {}
    for setting in term.settings:
        spec = specs.get(setting.name)
        if spec is None:
            way_out = did_you_mean(setting.name, specs, what="its parameters")
            reader.fail(f"{term.name} has no parameter {setting.name!r}; {way_out}", setting.at)
        if setting.name in values:
            reader.fail(f"{setting.name} is given twice", setting.at)
        values[setting.name] = _value(reader, term.name, spec, setting)
    try:
        return policy.Parameters(**values)
    except Exception as error:  # it may be anybody's dataclass
        reader.fail(f"{term.name}: {type(error).__name__}: {error}", term.at, UnusablePluginError)


def _value(reader: _Reader, policy: str, spec: dataclasses.Field[Any], setting: _Setting) -> Any:
    try:
        return parse_parameter(spec, setting.value)
    except ValueError as error:
        reader.fail(f"{policy}: {error}", setting.value_at)


def _fields(parameters: Any) -> tuple[dataclasses.Field[Any], ...]:
    return dataclasses.fields(parameters)
