"""Policies that answer at random, through every filesystem: the model holds whatever they say.

An answer depends on the question and a salt alone, so that a run can be made again, and that what
the table remembers is what pluggy would find.
"""

from __future__ import annotations

import zlib
from typing import Any, Final

import pluggy
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from reclaimlab.hosting.catalog import Catalog
from reclaimlab.hosting.contender import parse_contender
from reclaimlab.hosting.host import build_manager
from reclaimlab.hosting.questions import QUESTIONS
from reclaimlab.policy import (
    Action,
    DirtyDecision,
    DirtyThrottle,
    FlusherWakeup,
    OomAction,
    Policy,
    ScopeChange,
    Throttle,
    ThrottleKind,
    WritebackDecision,
    hookspecs,
)
from reclaimlab.policy.gfp import GFP_FS, GFP_IO, PF_FSTRANS, PF_MEMALLOC_NOFS
from reclaimlab.policy.table import HookTable
from reclaimlab.testing import run_small, small_scenario, throwaway_policy
from reclaimlab.units import MSEC

FEW = settings(
    max_examples=max(4, settings().max_examples // 25), phases=[Phase.explicit, Phase.generate]
)
KERNELS: Final = ["linux-3.5", "linux-3.10", "linux-4.2", "linux-6.1", "linux-6.18"]
FILESYSTEMS: Final = ["xfs", "ext4", "ext3", "gfs2", "tmpfs"]
SLEEPS: Final = [
    Throttle(kind, timeout_ns=ms * MSEC) for kind in ThrottleKind for ms in (0, 1, 100)
]
ANSWERS: Final[dict[str, list[Any]]] = {
    "decide_writeback_wait": [
        None,
        *(
            WritebackDecision(action, mark_reclaim=mark, timeout_ns=timeout, unlock_first=unlock)
            for action in (Action.WAIT, Action.KEEP, Action.ACTIVATE)
            for mark in (False, True)
            for timeout, unlock in ((None, False), (10 * MSEC, True))
        ),
    ],
    "decide_dirty_folio": [
        None,
        *(DirtyDecision(each) for each in (Action.KEEP, Action.ACTIVATE, Action.PAGEOUT)),
    ],
    "throttle_after_batch": [None, *SLEEPS],
    "throttle_after_pass": [None, *SLEEPS],
    "decide_flusher_wakeup": [
        None,
        FlusherWakeup(wake=False),
        FlusherWakeup(wake=True, nr_pages=1),
        FlusherWakeup(wake=True, nr_pages=1024),
    ],
    "decide_oom": [None, *OomAction],
    "throttle_dirty": [
        None,
        *(
            DirtyThrottle(everywhere, memcg)
            for everywhere in (True, False)
            for memcg in (True, False)
        ),
    ],
}
SCOPES: Final = [
    None,
    ScopeChange(set_flags=PF_FSTRANS),
    ScopeChange(set_flags=PF_MEMALLOC_NOFS),
    ScopeChange(clear_flags=PF_FSTRANS, aop_nofs=False),
    ScopeChange(aop_nofs=True),
]
MASKS: Final = [None, ~0, ~GFP_FS, ~(GFP_FS | GFP_IO)]


def random_policy(salt: int) -> Policy:
    """Return a fix that answers every decision at random."""

    def choice(*question: Any) -> int:
        return zlib.crc32(f"{salt} {question!r}".encode())

    def derive_gfp(allocation: Any) -> int | None:
        mask = MASKS[choice(allocation) % len(MASKS)]
        return None if mask is None else allocation.gfp & mask

    def enter_scope(scope: Any) -> Any:
        return SCOPES[choice(scope) % len(SCOPES)]

    def decide_oom(failure: Any) -> Any:
        return ANSWERS["decide_oom"][choice(failure) % len(ANSWERS["decide_oom"])]

    def of_one(hook: str) -> Any:
        def answer(dirtier: Any) -> Any:
            return ANSWERS[hook][choice(hook, dirtier) % len(ANSWERS[hook])]

        return answer

    def of_folio(hook: str) -> Any:
        def answer(folio: Any, reclaim: Any) -> Any:
            return ANSWERS[hook][choice(hook, folio, reclaim) % len(ANSWERS[hook])]

        return answer

    def of_progress(hook: str) -> Any:
        def answer(progress: Any, reclaim: Any) -> Any:
            return ANSWERS[hook][choice(hook, progress, reclaim) % len(ANSWERS[hook])]

        return answer

    return throwaway_policy(
        "random",
        derive_gfp=derive_gfp,
        enter_scope=enter_scope,
        decide_oom=decide_oom,
        throttle_dirty=of_one("throttle_dirty"),
        **{name: of_folio(name) for name in ("decide_writeback_wait", "decide_dirty_folio")},
        **{
            name: of_progress(name)
            for name in ("throttle_after_batch", "throttle_after_pass", "decide_flusher_wakeup")
        },
    )


@pytest.mark.parametrize("filesystem", FILESYSTEMS)
@FEW
@given(
    salt=st.integers(0, 1 << 16),
    kernel=st.sampled_from(KERNELS),
    cgroup=st.sampled_from(["v1", "v2"]),
    limit=st.sampled_from(["0", "2MiB", "8MiB"]),
    memory=st.sampled_from(["48MiB", "128MiB"]),
)
def test_whatever_a_policy_answers_every_page_is_counted_once_and_time_goes_on(
    filesystem: str, salt: int, kernel: str, cgroup: str, limit: str, memory: str
) -> None:
    # A tmpfs without end fills the memory, and a mask without __GFP_FS then spins as in a kernel.
    end = {"total": "6MiB"} if filesystem == "tmpfs" else {}
    scenario = small_scenario(
        filesystem=filesystem,
        limit=limit,
        duration="1s",
        machine={"memory": memory, "cgroup": cgroup},
        tasks={
            "dd": {"program": "writer", "memcg": "box", "count": 2, **end},
            "mapper": {"program": "mapper", "size": "6MiB", "hold": "50ms"},
        },
    )
    result = run_small(scenario, kernel, policies=[random_policy(salt)], seed=salt)
    assert 0 <= result.ended_ns <= scenario.duration
    for series in result.series:
        assert min(series.values, default=0) >= 0, series.name
        assert list(series.times_ns) == sorted(set(series.times_ns))


@pytest.mark.parametrize("hook", [name for name in QUESTIONS if name not in hookspecs.COMBINED])
@pytest.mark.parametrize("salt", [1, 2])
def test_the_table_answers_for_a_random_policy_as_pluggy_does(hook: str, salt: int) -> None:
    catalog = Catalog.installed()
    manager = build_manager(parse_contender("linux-3.10", catalog), catalog)
    manager.register(random_policy(salt), "random")
    ask, caller = getattr(HookTable(manager), hook), getattr(manager.hook, hook)
    assert isinstance(caller, pluggy.HookCaller)
    assert caller.spec is not None
    for question in QUESTIONS[hook]():
        expected = caller(**dict(zip(caller.spec.argnames, question, strict=True)))
        assert ask(*question) == expected, question
        assert ask(*question) == expected, question  # as it remembers it
