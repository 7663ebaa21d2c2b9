"""What is asked of an exploration, and what it found: plain records that cross processes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum

from reclaimlab.errors import ReclaimlabError


class UnexplorableError(ReclaimlabError):
    """A scenario that cannot be explored: it draws dice, or a step of it never ends."""


class LostProcessError(ReclaimlabError):
    """A process that explored was ended from outside, so nothing is known of what was left."""

    exit_code = 3


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
    walks: int = 0
    """Random schedules to follow instead of all; 0 for all."""
    pct: int = 0
    """Ordered events that a fault may take, if the walks go by priorities; 0: fair dice."""
    seed: int = 1
    jobs: int = 1
    """Processes that share the search."""


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
class WalkReport:
    """Walks that were made, and what they promise."""

    made: int
    longest: int
    """Steps that a walk may have."""
    steps: int
    """Steps of the longest that was made."""
    movers: int
    """Most tasks, requests and timed sleeps that had a turn in one walk."""
    pct: int
    seed: int

    @property
    def each(self) -> float:
        """Least probability with which one walk of PCT shows a fault of its depth."""
        return 1 / (max(self.movers, 1) * float(self.longest) ** (self.pct - 1))

    @property
    def bound(self) -> float:
        """PCT: least probability that a fault was shown. Fair dice: most share of schedules.

        The latter, with 95 % confidence, if no walk showed any: 1 - 0.05^(1/n).
        """
        if self.pct:
            return -math.expm1(self.made * math.log1p(-min(self.each, 1 - 1e-12)))
        return 1.0 - math.pow(0.05, 1 / self.made)


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
    walks: WalkReport | None = None
    """If random schedules were followed: how many, and what that promises."""
