"""A scenario file between TOML and models: its data, and where each value came from."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from reclaimlab.errors import Fault, ScenarioError
from reclaimlab.scenarios.lines import LineIndex

if TYPE_CHECKING:
    from collections.abc import Sequence

Path = tuple[str, ...]
"""A dotted path in its parts."""

SETTING: Final[Path] = ("--set",)
"""The origin of a value that no line of the file gave."""

_PLACE: Final = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong at ``path``; a fault that does not know its line yet."""

    path: Path
    message: str

    def __str__(self) -> str:
        return f"{'.'.join(self.path)}: {self.message}"


@dataclass(slots=True)
class Document:
    """The data of one file. Settings change it before it is checked."""

    source: str
    data: dict[str, Any]
    lines: LineIndex
    origins: dict[Path, Path] = field(default_factory=dict)
    """Values that come from elsewhere: a parameter's path, or :data:`SETTING`."""

    def fault(self, problem: Problem) -> Fault:
        """Return ``problem`` with the line where the value was written."""
        origin = self.origins.get(problem.path, problem.path)
        path = ".".join(problem.path)
        if problem.path == SETTING:
            return Fault(problem.message, path)
        if origin == SETTING:
            return Fault(f"{problem.message} (given with --set)", path)
        return Fault(problem.message, path, self.lines.line(origin))

    def error(self, problems: Sequence[Problem]) -> ScenarioError:
        """Return all ``problems`` as one error, in the order of the file."""
        faults = list(dict.fromkeys(self.fault(problem) for problem in problems))
        faults.sort(key=lambda fault: fault.line or 0)
        return ScenarioError(self.source, faults)


def parse(text: str, source: str) -> Document:
    """Return the data of a TOML ``text``; ``source`` names it in messages.

    Raises:
        ScenarioError: the text is empty or is not TOML.
    """
    if "\0" in text:
        raise ScenarioError(source, [Fault("is binary; a scenario is a TOML text")])
    if not text.strip():
        raise ScenarioError(source, [Fault("is empty; a scenario is a TOML text")])
    try:
        data = tomllib.loads(text)
    except RecursionError:
        fault = Fault("brackets are nested too deep for a scenario")
        raise ScenarioError(source, [fault]) from None
    except ValueError as error:
        raise ScenarioError(source, [_syntax_fault(str(error), text)]) from None
    # Where a line is counted, tomllib takes \r\n for one newline; so does the index.
    return Document(source, data, LineIndex(text.replace("\r\n", "\n")))


def _syntax_fault(message: str, text: str) -> Fault:
    place = _PLACE.search(message)
    line = int(place.group(1)) if place and place.group(1) else text.rstrip("\n").count("\n") + 1
    said = _PLACE.sub("", message)
    column = f" in column {place.group(2)}" if place and place.group(2) else ""
    return Fault(f"is not TOML{column}: {said[:1].lower()}{said[1:]}", "", line)
