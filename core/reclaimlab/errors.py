"""The exceptions a user can meet, and the one that means a bug of ours.

A message names the subject, the fact, the value and the place, and then the way out. Control flow
inside the engine never uses these.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class ReclaimlabError(Exception):
    """Something the user can act on; the command line prints it without a traceback."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a file: where it stands and what to do."""

    message: str
    path: str = ""
    """Dotted path of the value, such as ``memcg.box.limit``; empty for the file as a whole."""
    line: int | None = None

    def __str__(self) -> str:
        place = f"line {self.line}: " if self.line else ""
        return f"{place}{self.path + ': ' if self.path else ''}{self.message}"


class ScenarioError(ReclaimlabError):
    """A scenario that cannot be used; carries every fault found, not only the first."""

    def __init__(self, source: str, faults: Sequence[Fault]) -> None:
        self.source = source
        self.faults = tuple(faults)
        super().__init__("\n".join(f"{source}: {fault}" for fault in self.faults))


class ContenderError(ReclaimlabError):
    """A contender that cannot be read or built: grammar, unknown policy, bad parameter."""


class UnusablePluginError(ContenderError):
    """A policy that is announced, and cannot be imported or is not allowed here."""

    exit_code = 3


class RecordingError(ReclaimlabError):
    """A recording that cannot be read: foreign, truncated, empty."""


class StoreError(ReclaimlabError):
    """A database or an id in it that cannot be used."""


class PolicyError(ReclaimlabError):
    """A policy that raised or answered nonsense; names who, where and when."""

    exit_code = 3

    def __init__(self, policy: str, hook: str, problem: str) -> None:
        self.policy = policy
        self.hook = hook
        self.problem = problem
        self.time_ns: int | None = None
        self.task: str | None = None
        super().__init__(policy, hook, problem)

    def __str__(self) -> str:
        moment = "" if self.time_ns is None else f" at {self.time_ns / 1e9:.6f} s"
        task = f" in task {self.task}" if self.task else ""
        return f"policy {self.policy}, hook {self.hook}{moment}{task}: {self.problem}"


class ExtensionError(ReclaimlabError):
    """An extension (a filesystem, device, workload, metric, ...) that cannot be used, or raised."""

    exit_code = 3

    def __init__(self, kind: str, name: str, problem: str) -> None:
        self.kind = kind
        self.name = name
        self.problem = problem
        super().__init__(kind, name, problem)

    def __str__(self) -> str:
        return f"{self.kind} {self.name}: {self.problem}"


class InvariantError(Exception):
    """A bug in the simulator (never the user's fault): an invariant of the model does not hold."""


def did_you_mean(name: str, known: Iterable[str], *, what: str) -> str:
    """Return the way out for an unknown ``name``: the near one, and all that exist."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"{hint}{what}: {', '.join(names) if names else 'none'}"
