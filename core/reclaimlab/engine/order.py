"""Who goes first among equals: the only place where the engine is free to choose.

A run *is* its scenario, contender, seed and schedule. ``fifo`` is the schedule of timed runs; the
others exist to look for trouble, and ``replay`` repeats what one of them found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reclaimlab.engine.rng import Stream


class Order(Protocol):
    """Chooses among ``count`` equals, counted in order of arrival."""

    name: str

    def pick(self, count: int) -> int:
        """Return an index below ``count``."""
        ...


class Fifo:
    """First come, first served."""

    name = "fifo"

    def pick(self, count: int) -> int:
        """Return 0: the first."""
        del count
        return 0


class RandomOrder:
    """Each equal is as likely as any other; remembers its choices for replay."""

    name = "random"

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.choices: list[int] = []

    def pick(self, count: int) -> int:
        """Return a random index below ``count``."""
        choice = self._stream.below(count)
        self.choices.append(choice)
        return choice


class Pct:
    """Probabilistic concurrency testing: random priorities, lowered at ``depth`` random moments.

    Burckhardt, Kothari, Musuvathi, Nagarakatte, "A randomized scheduler with probabilistic
    guarantees of finding bugs" (ASPLOS 2010). Here priorities belong to positions in the ready
    queue, which is what the engine offers.
    """

    name = "pct"

    def __init__(self, stream: Stream, *, steps: int = 10_000, depth: int = 3) -> None:
        self._stream = stream
        self._changes = sorted(stream.below(steps) for _ in range(depth))
        self._step = 0
        self._salt = stream.below(1 << 30)

    def pick(self, count: int) -> int:
        """Return the index that the current priorities favour."""
        self._step += 1
        while self._changes and self._step >= self._changes[0]:
            self._changes.pop(0)
            self._salt = self._stream.below(1 << 30)
        return self._salt % count


class Replay:
    """Repeats recorded choices, then goes on first come, first served."""

    name = "replay"

    def __init__(self, choices: Sequence[int]) -> None:
        self._choices = list(choices)
        self._next = 0

    def pick(self, count: int) -> int:
        """Return the recorded index; one that no longer fits is cut to the last equal."""
        if self._next >= len(self._choices):
            return 0
        choice = self._choices[self._next]
        self._next += 1
        return min(choice, count - 1)
