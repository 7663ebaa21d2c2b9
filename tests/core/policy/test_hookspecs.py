"""Every hook says when it is called, whether its answer is final, and what if it is absent."""

from __future__ import annotations

import inspect

import pytest

from reclaimlab.policy import hookspecs
from reclaimlab.policy.contexts import FolioView
from reclaimlab.policy.gfp import GFP_KERNEL, GFP_NOFS, GFP_NOIO

HOOKS = [name for name, each in vars(hookspecs).items() if hasattr(each, "reclaimlab_spec")]
DECISIONS = [name for name in HOOKS if name not in hookspecs.NOTIFICATIONS]


@pytest.mark.parametrize("hook", DECISIONS)
def test_a_decision_says_when_it_is_asked_and_what_if_nobody_answers(hook: str) -> None:
    doc = " ".join((inspect.getdoc(getattr(hookspecs, hook)) or "").split())
    assert doc.startswith("Return ")
    assert all(word in doc for word in ("When: ", "Holds: ", "Final: ", "Absent: "))


@pytest.mark.parametrize("hook", DECISIONS)
def test_a_decision_has_at_most_a_subject_and_a_context(hook: str) -> None:
    assert 1 <= len(inspect.signature(getattr(hookspecs, hook)).parameters) <= 2


def test_pure_and_combined_name_hooks_that_exist() -> None:
    assert set(DECISIONS) >= hookspecs.PURE | hookspecs.COMBINED
    assert set(HOOKS) >= hookspecs.NOTIFICATIONS


@pytest.mark.parametrize(
    ("swapcache", "gfp", "may"),
    [
        (False, GFP_KERNEL, True),
        (False, GFP_NOFS, False),
        (True, GFP_NOFS, True),
        (True, GFP_NOIO, False),
    ],
)
def test_reclaim_may_enter_the_fs_with_fs_or_for_swap_with_io(
    swapcache: bool, gfp: int, may: bool
) -> None:
    folio = FolioView(reclaim=False, swapcache=swapcache, dirty=True, writeback=False)
    assert folio.may_enter_fs(gfp) is may
