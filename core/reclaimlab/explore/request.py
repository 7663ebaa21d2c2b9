"""What is asked of an exploration, and what it found: plain records that cross processes."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from reclaimlab.errors import ReclaimlabError


class UnexplorableError(ReclaimlabError):
    """A scenario that cannot be explored: it draws dice, or a step of it never ends."""


class PropertyName(StrEnum):
    """What is checked of every scenario."""

    NO_DEADLOCK = "no-deadlock"
    NO_PREMATURE_OOM = "no-premature-oom"
    PROGRESS = "progress"
    ALL_CLEANED = "all-cleaned"
    INVARIANTS = "invariants"


class HangKind(StrEnum):
    """What kind of hang a state is in."""

    GLOBAL_DEADLOCK = "global deadlock"
    """Nothing can move any more."""
    PARTIAL_DEADLOCK = "some tasks blocked for ever"
    """A closed set of tasks waits on itself; others go on."""
    LIVELOCK = "livelock under fair scheduling"
    """Tasks go on and on, and no writeback can ever end again."""


@dataclass(frozen=True, slots=True)
class ExploreRequest:
    """One exploration: a scenario, a contender, how fine, and how far."""

    scenario_text: str
    scenario: str
    """What messages call it."""
    contender: str
    granularity: str = "coarse"
    max_states: int = 1_000_000
    max_seconds: float = 600.0
    max_depth: int = 0
    """Longest schedule; 0 for none."""
    reduce: bool = True
    check: bool = True
    """Whether the invariants of the model are recounted in every state."""


@dataclass(frozen=True, slots=True)
class ScheduleStep:
    """One step of a schedule, in names that mean the same in every process."""

    kind: str
    task: str = ""
    number: int = 0
    """Which interrupt, in order of request; or which choice."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A property that does not hold, and the shortest schedule that shows it."""

    what: str
    steps: tuple[ScheduleStep, ...]
    no_return: int = -1
    """After how many steps nothing can save it any more; -1 if that is not of its kind."""


@dataclass(frozen=True, slots=True)
class Exploration:
    """What an exploration came to."""

    exhausted: bool
    states: int
    transitions: int
    depth: int
    seconds: float
    why_cut: str = ""
    """Why it ended before the space did; empty if it did not."""
    violations: dict[str, Violation] = field(default_factory=dict)
    brought: tuple[str, ...] = ()
    """The properties of third parties that were checked too."""
