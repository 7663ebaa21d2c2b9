"""What each hook may answer: the type and the range of every value in an answer.

Refused at the seam, in the words of the rule, because what a hook answered is met again far away.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from reclaimlab.policy.contexts import Features, FilesystemFeatures
from reclaimlab.policy.decisions import (
    Action,
    DirtyDecision,
    DirtyThrottle,
    FlusherWakeup,
    OomAction,
    ScopeChange,
    Throttle,
    ThrottleKind,
    ThrottleReason,
    WritebackDecision,
)

MOST: Final = 1 << 62
"""Far above any real quantity, and still a 64-bit int."""

ANSWERS: Final[dict[str, type[Any]]] = {
    "describe_kernel": Features,
    "describe_filesystem": FilesystemFeatures,
    "enter_scope": ScopeChange,
    "derive_gfp": int,
    "decide_writeback_wait": WritebackDecision,
    "decide_dirty_folio": DirtyDecision,
    "throttle_after_batch": Throttle,
    "throttle_after_pass": Throttle,
    "decide_flusher_wakeup": FlusherWakeup,
    "decide_oom": OomAction,
    "throttle_dirty": DirtyThrottle,
}
"""Hook -> the type of its answer."""


def problem_of(hook: str, answer: Any) -> str:
    """Return which rule ``answer`` breaks, in words; empty if none."""
    expected = ANSWERS[hook]
    if not isinstance(answer, expected) or isinstance(answer, bool):
        return f"answered {answer!r}; the rule is {expected.__name__} or None"
    rules = _RULES.get(hook)
    if rules is None:
        is_sound = hook != "derive_gfp" or 0 <= answer <= MOST
        return "" if is_sound else f"answered {answer}; the rule is {NUMBER}"
    for name, holds, rule in rules:
        value = getattr(answer, name)
        if not holds(value):
            return _said(name, value, rule)
    if hook == "enter_scope" and answer.set_flags & answer.clear_flags:
        both = answer.set_flags & answer.clear_flags
        return f"sets and clears {both:#x}; the rule is one of both"
    return ""


def _said(name: str, value: Any, rule: str) -> str:
    return f"answered {name} {value!r}; the rule is {rule}"


Rule = tuple[str, Callable[[Any], bool], str]
"""Field, test, and the test in words."""

NUMBER: Final = "a whole number >= 0"


def _is_true_or_false(value: Any) -> bool:
    return value is True or value is False


def _is_number(value: Any) -> bool:
    return type(value) is int and 0 <= value <= MOST


def _is_positive(value: Any) -> bool:
    return type(value) is int and 0 < value <= MOST


def _is_number_or_none(value: Any) -> bool:
    return value is None or (type(value) is int and 0 <= value <= MOST)


def _flags(*names: str) -> list[Rule]:
    return [(name, _is_true_or_false, "True or False") for name in names]


def _numbers(*names: str) -> list[Rule]:
    return [(name, _is_number, NUMBER) for name in names]


def _words(name: str, *allowed: str) -> Rule:
    # The enums are text too; one of them, or the same text, is as good.
    members = frozenset(allowed)
    *most, last = allowed
    return name, lambda value: _among(value, members), f"{', '.join(most)} or {last}"


def _among(value: Any, members: frozenset[str]) -> bool:
    return isinstance(value, str) and value in members


def _is_throttle_kind(value: Any) -> bool:
    return isinstance(value, ThrottleKind)


def _is_throttle_reason(value: Any) -> bool:
    return isinstance(value, ThrottleReason)


_THROTTLE: Final[list[Rule]] = [
    ("kind", _is_throttle_kind, "a ThrottleKind"),
    *_numbers("timeout_ns"),
    ("reason", _is_throttle_reason, "a ThrottleReason"),
    *_flags("uses_io_test"),
]

_RULES: Final[Mapping[str, list[Rule]]] = {
    "describe_kernel": [
        *_flags(*(name for name in Features._fields if not name.endswith(("_retries", "_loops")))),
        *_numbers("charge_retries"),
        ("memcg_reclaim_loops", _is_positive, "a whole number > 0"),
    ],
    "describe_filesystem": [
        _words("completion", "irq", "worker", "append"),
        *_numbers("max_ioend_pages"),
        ("bio_max_pages", _is_positive, "a whole number > 0"),
        *_flags(
            "one_work_per_inode",
            "maps_while_unsubmitted",
            "cgroup_writeback",
            "submission_allocates_transaction",
        ),
    ],
    "enter_scope": [
        *_numbers("set_flags", "clear_flags"),
        (
            "aop_nofs",
            lambda value: value is None or _is_true_or_false(value),
            "True, False or None",
        ),
    ],
    "decide_writeback_wait": [
        _words("action", Action.KEEP, Action.ACTIVATE, Action.WAIT),
        *_flags("mark_reclaim", "unlock_first", "immediate"),
        ("timeout_ns", _is_number_or_none, f"{NUMBER}, or None"),
    ],
    "decide_dirty_folio": [
        _words("action", Action.KEEP, Action.ACTIVATE, Action.PAGEOUT),
        *_flags("mark_reclaim"),
    ],
    "throttle_after_batch": _THROTTLE,
    "throttle_after_pass": _THROTTLE,
    "decide_flusher_wakeup": [*_flags("wake"), *_numbers("nr_pages")],
    "throttle_dirty": _flags("in_global_domain", "in_memcg_domain"),
}


# ---- the short way ------------------------------------------------------------------------------
# The rules above cost 0.4 us an answer. What is asked often is first tried here, in 0.1 us; an
# answer that fails here is judged, and named, by the rules.

_KEEP, _ACTIVATE, _WAIT, _PAGEOUT = Action.KEEP, Action.ACTIVATE, Action.WAIT, Action.PAGEOUT


def _is_sound_wait(answer: Any) -> bool:
    if type(answer) is not WritebackDecision:
        return False
    values: tuple[Any, ...] = answer  # what is annotated need not be so
    action, mark, timeout, unlock, immediate = values
    return (
        (action is _WAIT or action is _KEEP or action is _ACTIVATE)
        and (mark is False or mark is True)
        and (timeout is None or (type(timeout) is int and 0 <= timeout <= MOST))
        and (unlock is False or unlock is True)
        and (immediate is False or immediate is True)
    )


def _is_sound_dirty(answer: Any) -> bool:
    if type(answer) is not DirtyDecision:
        return False
    values: tuple[Any, ...] = answer
    action, mark = values
    return (action is _KEEP or action is _PAGEOUT or action is _ACTIVATE) and (
        mark is False or mark is True
    )


def _is_sound_throttle(answer: Any) -> bool:
    if type(answer) is not Throttle:
        return False
    values: tuple[Any, ...] = answer
    kind, timeout, reason, io_test = values
    return (
        type(kind) is ThrottleKind
        and type(timeout) is int
        and 0 <= timeout <= MOST
        and type(reason) is ThrottleReason
        and (io_test is False or io_test is True)
    )


def _is_sound_wakeup(answer: Any) -> bool:
    if type(answer) is not FlusherWakeup:
        return False
    values: tuple[Any, ...] = answer
    wake, nr_pages = values
    return (wake is False or wake is True) and type(nr_pages) is int and 0 <= nr_pages <= MOST


def _is_sound_scope(answer: Any) -> bool:
    if type(answer) is not ScopeChange:
        return False
    sets: Any = answer.set_flags
    clears: Any = answer.clear_flags
    aop_nofs: Any = answer.aop_nofs
    return (
        type(sets) is int
        and type(clears) is int
        and 0 <= sets <= MOST
        and 0 <= clears <= MOST
        and not sets & clears
        and (aop_nofs is None or aop_nofs is False or aop_nofs is True)
    )


def _is_sound_domain(answer: Any) -> bool:
    if type(answer) is not DirtyThrottle:
        return False
    values: tuple[Any, ...] = answer
    everywhere, memcg = values
    return (everywhere is False or everywhere is True) and (memcg is False or memcg is True)


def _is_never_sure(_answer: Any) -> bool:
    return False


_SHORT: Final[Mapping[str, Callable[[Any], bool]]] = {
    "enter_scope": _is_sound_scope,
    "throttle_dirty": _is_sound_domain,
    "decide_writeback_wait": _is_sound_wait,
    "decide_dirty_folio": _is_sound_dirty,
    "throttle_after_batch": _is_sound_throttle,
    "throttle_after_pass": _is_sound_throttle,
    "decide_flusher_wakeup": _is_sound_wakeup,
}


def surely_sound(hook: str) -> Callable[[Any], bool]:
    """Return a quick test of a hook's answers; one that fails it may still be sound."""
    return _SHORT.get(hook, _is_never_sure)
