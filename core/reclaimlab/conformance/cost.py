"""What a decision of a policy costs: asked for the first time, and remembered."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from reclaimlab.hosting.questions import QUESTIONS
from reclaimlab.policy import hookspecs

if TYPE_CHECKING:
    from collections.abc import Callable

    from reclaimlab.policy.table import HookTable

FIRST_NS: Final = 1_000
REMEMBERED_NS: Final = 100
_DESCRIBES: Final = "describe_"
"""These say what a kernel is, once a run: no decisions, and long answers."""
_QUESTIONS: Final = 256
_REPEATS: Final = 7
_HITS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one hook, in ns: the best of several measurements, since noise only adds."""

    hook: str
    first_ns: float
    remembered_ns: float | None
    """None for a hook that is not pure: it is asked every time."""

    @property
    def is_fine(self) -> bool:
        """Whether both limits are kept."""
        return self.first_ns <= FIRST_NS and (self.remembered_ns or 0) <= REMEMBERED_NS

    def __str__(self) -> str:
        remembered = "" if self.remembered_ns is None else f", {self.remembered_ns:.0f} remembered"
        return f"{self.hook} {self.first_ns:.0f} ns{remembered}"


def costs(make_table: Callable[[], HookTable]) -> list[Cost]:
    """Return the costs of every hook that the policies of a table implement."""
    table = make_table()
    found = []
    for hook in (each for each in QUESTIONS if not each.startswith(_DESCRIBES)):
        questions = list(islice(QUESTIONS[hook](), _QUESTIONS))
        asked = table.implementation(hook)
        if asked is not None:
            remembered = None
            if hook in hookspecs.PURE:
                remembered = _remembered(make_table(), hook, questions)
            found.append(Cost(hook, _first(asked, questions), remembered))
    return found


def _first(ask: Callable[..., Any], questions: list[tuple[Any, ...]]) -> float:
    best = float("inf")
    for _ in range(_REPEATS):
        start = time.perf_counter_ns()
        for question in questions:
            ask(*question)
        best = min(best, time.perf_counter_ns() - start)
    return best / len(questions)


def _remembered(table: HookTable, hook: str, questions: list[tuple[Any, ...]]) -> float | None:
    ask = getattr(table, hook)
    question = next((each for each in questions if _answers(table, hook, each)), None)
    if question is None:
        return None
    ask(*question)
    best = float("inf")
    for _ in range(_REPEATS):
        start = time.perf_counter_ns()
        if len(question) == 2:
            subject, context = question
            for _ in range(_HITS):
                ask(subject, context)
        else:
            (subject,) = question
            for _ in range(_HITS):
                ask(subject)
        best = min(best, time.perf_counter_ns() - start)
    return best / _HITS


def _answers(table: HookTable, hook: str, question: tuple[Any, ...]) -> bool:
    return any(answer is not None for _, answer in table.answers(hook, *question))
