"""The quick test of an answer never passes what the rules refuse."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reclaimlab.hosting.questions import QUESTIONS
from reclaimlab.policy import (
    Action,
    DirtyDecision,
    DirtyThrottle,
    FlusherWakeup,
    ScopeChange,
    Throttle,
    ThrottleKind,
    ThrottleReason,
    WritebackDecision,
)
from reclaimlab.policy.answers import ANSWERS, problem_of, surely_sound

VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 2), st.just(1 << 70), st.floats(0, 1),
    st.sampled_from([*Action, *ThrottleKind, *ThrottleReason, "wait", "keep", ""]),
)  # fmt: skip
SIZES: dict[type[Any], int] = {
    WritebackDecision: 5, DirtyDecision: 2, Throttle: 4, FlusherWakeup: 2, DirtyThrottle: 2,
    ScopeChange: 3,
}  # fmt: skip


@given(data=st.data(), hook=st.sampled_from([name for name in ANSWERS if ANSWERS[name] in SIZES]))
def test_what_the_quick_test_passes_the_rules_pass_too(data: st.DataObject, hook: str) -> None:
    kind = data.draw(st.sampled_from(list(SIZES)))
    answer = kind(*(data.draw(VALUES) for _ in range(SIZES[kind])))
    if surely_sound(hook)(answer):
        assert problem_of(hook, answer) == ""


@given(answer=VALUES, hook=st.sampled_from(list(QUESTIONS)))
def test_a_bare_value_is_an_answer_only_where_the_rule_says_so(answer: Any, hook: str) -> None:
    if problem_of(hook, answer) == "":
        assert hook == "derive_gfp"
        assert type(answer) is int
        assert answer >= 0


@pytest.mark.parametrize(
    ("hook", "answer"),
    [
        ("decide_writeback_wait", WritebackDecision(Action.WAIT, timeout_ns=5)),
        ("decide_dirty_folio", DirtyDecision(Action.PAGEOUT)),
        ("throttle_after_batch", Throttle(ThrottleKind.CONGESTION_WAIT, 5)),
        ("throttle_after_pass", Throttle(ThrottleKind.NONE)),
        ("decide_flusher_wakeup", FlusherWakeup(wake=True, nr_pages=1)),
        ("throttle_dirty", DirtyThrottle()),
        ("enter_scope", ScopeChange(1, 2, None)),
    ],
)
def test_a_usual_answer_takes_the_quick_way(hook: str, answer: Any) -> None:
    assert surely_sound(hook)(answer)
