"""A search that makes some steps twice, to see that the same prefix leads to the same state.

A policy may keep state of its own in the hooks that are not pure, which no state of the machine
shows: then a proof would be of one of many machines. The step that comes out otherwise names it.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, Final

from reclaimlab.errors import PolicyError
from reclaimlab.explore.request import UnexplorableError
from reclaimlab.explore.search import Search
from reclaimlab.policy.hookspecs import PURE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reclaimlab.engine.exploring import Move
    from reclaimlab.explore.machine import Machine
    from reclaimlab.explore.request import ExploreRequest
    from reclaimlab.explore.state import View
    from reclaimlab.policy.extensions import Property

TWICE_EVERY: Final = 32
"""Every so many steps one is made twice, and each of the first so many."""


class Journal:
    """What policies have answered, in the hooks that are not pure, since it was last emptied."""

    def __init__(self) -> None:
        self.answers: list[tuple[str, str, Any]] = []

    def guard(self, policy: str, hook: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the implementation of a hook that notes what it answers."""
        if hook in PURE:
            return function

        @wraps(function)
        def noted(*arguments: Any, **named: Any) -> Any:
            answer = function(*arguments, **named)
            self.answers.append((policy, hook, answer))
            return answer

        return noted


class Repeating(Search):
    """A search that refuses a policy which does not answer the same twice."""

    def __init__(
        self,
        machine: Machine,
        journal: Journal,
        properties: Mapping[str, Property],
        request: ExploreRequest,
    ) -> None:
        super().__init__(machine, request, properties)
        self._journal = journal
        self._made = 0

    def _step(self, move: Move, before: View) -> tuple[int, View, int]:
        """Make a move; some of them twice.

        Raises:
            PolicyError: a policy answers otherwise the second time.
        """
        self._made += 1
        self._journal.answers.clear()
        first = super()._step(move, before)
        if self._made > TWICE_EVERY and self._made % TWICE_EVERY:
            return first
        answered = list(self._journal.answers)
        self._journal.answers.clear()
        self.machine.go_back(first[1])
        again = super()._step(move, before)
        if (
            first[0] != again[0]
            or first[1].key != again[1].key
            or answered != self._journal.answers
        ):
            raise self._fickle(answered)
        return again

    def _fickle(self, answered: list[tuple[str, str, Any]]) -> Exception:
        for one, other in zip(answered, self._journal.answers, strict=False):
            if one != other:
                problem = (
                    f"the same prefix gives another state: it answered {one[2]!r},"
                    f" then {other[2]!r}; explore needs policies that are deterministic"
                )
                return PolicyError(one[0], one[1], problem)
        return UnexplorableError("the same prefix gives another state, and no policy differs")
