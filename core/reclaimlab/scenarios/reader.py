"""Reading scenarios: by name from the library or from a file, with every fault at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from reclaimlab.errors import ExtensionError, Fault, ScenarioError, did_you_mean
from reclaimlab.hosting.extensions import extensions
from reclaimlab.scenarios.builtin import builtin_file, builtin_scenarios
from reclaimlab.scenarios.canonical import scenario_hash, scenario_toml
from reclaimlab.scenarios.checks import cross_check
from reclaimlab.scenarios.document import parse
from reclaimlab.scenarios.faults import problems_of
from reclaimlab.scenarios.schema import Scenario, ScenarioFile
from reclaimlab.scenarios.settings import apply_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "builtin_scenarios",
    "known_scenarios",
    "load_scenario",
    "read_scenario",
    "scenario_hash",
    "scenario_text",
    "scenario_toml",
]

MOST_BYTES: Final = 4 << 20
"""No scenario is nearly so large; whatever is, is something else."""


def load_scenario(name_or_path: str, settings: Sequence[str] = ()) -> Scenario:
    """Return a scenario of the library by its name, or one in a file, with ``settings`` applied.

    A name of the library comes before a file of that name; ``./NAME`` is always the file.

    Raises:
        ScenarioError: there is no such scenario or file, or it has faults: all of them.
    """
    return read_scenario(scenario_text(name_or_path), name_or_path, settings)


def read_scenario(text: str, source: str, settings: Sequence[str] = ()) -> Scenario:
    """Return the scenario in a TOML ``text``; ``source`` names it in messages.

    Raises:
        ScenarioError: the text has faults: all of them, each with its line.
    """
    document = parse(text, source)
    problems = apply_settings(document, settings)
    problems += cross_check(document.data)
    file = None
    try:
        file = ScenarioFile.model_validate(document.data)
    except ValidationError as error:
        problems += problems_of(error, document.data)
    if problems or file is None:
        raise document.error(problems)
    return Scenario.of(file)


def scenario_text(name_or_path: str) -> str:
    """Return the text of a scenario as it was written, comments and all.

    Raises:
        ScenarioError: there is no such scenario, or it is not a file of text.
    """
    path = Path(name_or_path)
    if name_or_path in builtin_scenarios():
        path = builtin_file(name_or_path)
    elif path.suffix != ".toml" and path.name == name_or_path and not path.exists():
        if name_or_path in extensions("scenario"):
            return _plugged_text(name_or_path)
        hint = did_you_mean(name_or_path, known_scenarios(), what="scenarios")
        raise ScenarioError(name_or_path, [Fault(f"there is no such scenario; {hint}")])
    try:
        return _decoded(path)
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else str(error)
        raise ScenarioError(name_or_path, [Fault(said or "cannot be read")]) from None


def known_scenarios() -> tuple[str, ...]:
    """Return the names of the library's scenarios, then those that plugins bring."""
    builtin = builtin_scenarios()
    brought = extensions("scenario")
    return (*builtin, *sorted(name for name in brought if name not in builtin))


def _plugged_text(name: str) -> str:
    try:
        text = extensions("scenario")[name].load().text()
    except ExtensionError:
        raise
    except Exception as error:  # someone else's code may raise anything
        problem = f"text() raised {type(error).__name__}: {error}"
        raise ExtensionError("scenario", name, problem) from error
    if not isinstance(text, str):
        raise ExtensionError("scenario", name, f"text() gave {text!r}; the rule is a TOML text")
    return text


def _decoded(path: Path) -> str:
    with path.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        msg = f"is over {MOST_BYTES >> 20} MiB; a scenario is a TOML text of a few kB"
        raise ValueError(msg)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        msg = "is binary; a scenario is a TOML text"
        raise ValueError(msg) from None
