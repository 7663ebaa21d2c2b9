"""The hook table answers as pluggy would, remembers what is pure, and refuses nonsense."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pluggy
import pytest

from reclaimlab.errors import PolicyError
from reclaimlab.hosting.catalog import Catalog
from reclaimlab.hosting.contender import parse_contender
from reclaimlab.hosting.host import build_manager
from reclaimlab.hosting.questions import QUESTIONS
from reclaimlab.policy import (
    Action,
    AllocationView,
    DirtyThrottle,
    Features,
    FlusherWakeup,
    FolioView,
    Policy,
    PolicyInfo,
    ProgressView,
    ReclaimView,
    Scope,
    ScopeChange,
    ScopeView,
    Stage,
    Throttle,
    ThrottleKind,
    WritebackDecision,
    hookimpl,
    hookspecs,
)
from reclaimlab.policy.gfp import GFP_FS, GFP_KERNEL, GFP_NOFS, PF_FSTRANS, PF_MEMALLOC_NOIO
from reclaimlab.policy.table import HookTable

if TYPE_CHECKING:
    from collections.abc import Callable

CONTENDERS = (
    "linux-3.5+wait-may-enter-fs",
    "linux-3.10+may-enter-fs+timed-page-wait+memalloc-noio+pf-fstrans+unlocked-write-begin",
    "linux-3.11+congestion-wait(skip=kthread)+exempt-kthreads+nofs-scope+km-noio(sites=all)",
    "linux-4.2+wait-after-batch(test=io)+memcg-dirty-throttle",
    "linux-6.18+reclaim-throttle+unlock-before-wait",
)

FOLIO = FolioView(reclaim=True, swapcache=False, dirty=False, writeback=True)
RECLAIM = ReclaimView(
    gfp=GFP_KERNEL,
    task_flags=0,
    targets_memcg=True,
    sane=False,
    is_kswapd=False,
    priority=12,
    zone_writeback=False,
    zone_dirty=False,
    zone_congested=False,
)
FEATURES: Any = Features(
    soft_limit_reclaim=True, charge_retries=5, memcg_reclaim_loops=100,
    charges_kernel_memory=False, legacy_block_queue=True, page_alloc_gives_up=False,
    nofs_oom_kills=False, file_inactive_ratio=False, large_folios=False, memcg_shrinkers=False,
    global_dirty_limit_per_wb=False,
)  # fmt: skip
PROGRESS = ProgressView("batch", 32, 32, 32, 0, 0, 0, 0, 0, 0, False, False, False)
ALLOCATION = AllocationView(Stage.CALLER, GFP_NOFS, 0, "kmem_alloc", "", False, False, "xfs")


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog.discover()


def manager_of(*policies: Policy) -> pluggy.PluginManager:
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    for policy in policies:
        manager.register(policy, policy.info.name)
    return manager


def policy_that(name: str, **hooks: Callable[..., Any]) -> Policy:
    class Throwaway(Policy):
        info = PolicyInfo(name, "a throwaway", "none")

    made = Throwaway()
    for hook, function in hooks.items():
        setattr(made, hook, hookimpl(function))
    return made


def pluggy_answer(manager: pluggy.PluginManager, hook: str, question: tuple[Any, ...]) -> Any:
    caller = getattr(manager.hook, hook)
    return caller(**dict(zip(caller.spec.argnames, question, strict=True)))


@pytest.mark.parametrize("spec", CONTENDERS)
@pytest.mark.parametrize("hook", [name for name in QUESTIONS if name not in hookspecs.COMBINED])
def test_a_decision_is_the_one_pluggy_finds_first(catalog: Catalog, spec: str, hook: str) -> None:
    manager = build_manager(parse_contender(spec, catalog), catalog)
    ask = getattr(HookTable(manager), hook)
    for question in QUESTIONS[hook]():
        assert ask(*question) == pluggy_answer(manager, hook, question), question


@pytest.mark.parametrize("spec", CONTENDERS)
def test_a_mask_keeps_only_what_every_answer_of_pluggy_keeps(catalog: Catalog, spec: str) -> None:
    manager = build_manager(parse_contender(spec, catalog), catalog)
    table = HookTable(manager)
    for question in QUESTIONS["derive_gfp"]():
        expected = question[0].gfp
        for answer in pluggy_answer(manager, "derive_gfp", question):
            expected &= answer
        assert table.derive_gfp(*question) == expected, question


@pytest.mark.parametrize("spec", CONTENDERS)
def test_scope_flags_are_applied_from_the_kernel_upwards(catalog: Catalog, spec: str) -> None:
    manager = build_manager(parse_contender(spec, catalog), catalog)
    table = HookTable(manager)
    for question in QUESTIONS["enter_scope"]():
        combined = table.enter_scope(*question)
        for before in (0, PF_FSTRANS | PF_MEMALLOC_NOIO):
            flags, aop_nofs = before, None
            for change in reversed(pluggy_answer(manager, "enter_scope", question)):
                flags = flags & ~change.clear_flags | change.set_flags
                aop_nofs = aop_nofs if change.aop_nofs is None else change.aop_nofs
            assert before & ~combined.clear_flags | combined.set_flags == flags, question
            assert combined.aop_nofs == aop_nofs, question


def test_the_questions_cover_every_decision_hook() -> None:
    hooks = {
        name for name in vars(hookspecs) if hasattr(getattr(hookspecs, name), "reclaimlab_spec")
    }
    assert set(QUESTIONS) == hooks - hookspecs.NOTIFICATIONS


def test_a_pure_hook_is_asked_once_and_a_throttle_every_time() -> None:
    asked: list[str] = []

    def keep(folio: FolioView) -> WritebackDecision:
        asked.append("wait")
        return WritebackDecision(Action.KEEP)

    def nap(progress: ProgressView) -> Throttle:
        asked.append("nap")
        return Throttle(ThrottleKind.NONE)

    counter = policy_that("counter", decide_writeback_wait=keep, throttle_after_batch=nap)
    table = HookTable(manager_of(counter))
    for _ in range(3):
        table.decide_writeback_wait(FOLIO, RECLAIM)
        table.throttle_after_batch(PROGRESS, RECLAIM)
    assert asked == ["wait", "nap", "nap", "nap"]
    assert table.asked == 4


def test_the_debug_mode_finds_a_pure_answer_that_changes() -> None:
    times = iter(range(10))

    def fickle(folio: FolioView) -> WritebackDecision:
        return WritebackDecision(Action.WAIT, timeout_ns=next(times))

    fickle_fix = policy_that("fickle", decide_writeback_wait=fickle)
    table = HookTable(manager_of(fickle_fix), recheck_every=3)
    for _ in range(3):
        assert table.decide_writeback_wait(FOLIO, RECLAIM).timeout_ns == 0
    with pytest.raises(PolicyError, match=r"policy fickle, .* is pure, but answered"):
        table.decide_writeback_wait(FOLIO, RECLAIM)


def test_a_later_fix_overrides_the_scope_of_an_earlier_one() -> None:
    setter = policy_that("a", enter_scope=lambda: ScopeChange(set_flags=PF_FSTRANS, aop_nofs=True))
    clearer = policy_that("b", enter_scope=lambda: ScopeChange(clear_flags=PF_FSTRANS))
    scope = ScopeView(Scope.TRANSACTION, "xfs", 0)
    table = HookTable(manager_of(setter, clearer))
    assert table.enter_scope(scope) == ScopeChange(clear_flags=PF_FSTRANS, aop_nofs=True)
    table = HookTable(manager_of(clearer, setter))
    assert table.enter_scope(scope) == ScopeChange(set_flags=PF_FSTRANS, aop_nofs=True)


def test_a_question_that_nobody_answers_is_an_error() -> None:
    table = HookTable(manager_of())
    with pytest.raises(PolicyError, match="a kernel must answer every hook"):
        table.decide_writeback_wait(FOLIO, RECLAIM)


def test_a_policy_that_raises_is_named_with_its_hook() -> None:
    def divide(folio: FolioView) -> WritebackDecision:
        raise ZeroDivisionError("by zero")

    table = HookTable(manager_of(policy_that("divider", decide_writeback_wait=divide)))
    with pytest.raises(PolicyError) as caught:
        table.decide_writeback_wait(FOLIO, RECLAIM)
    assert (caught.value.policy, caught.value.hook) == ("divider", "decide_writeback_wait")
    assert "raised ZeroDivisionError: by zero" in str(caught.value)


NONSENSE = (
    ("decide_writeback_wait", (FOLIO, RECLAIM), "wait", "the rule is WritebackDecision or None"),
    (
        "decide_writeback_wait",
        (FOLIO, RECLAIM),
        WritebackDecision(Action.PAGEOUT),
        "keep, activate",
    ),
    (
        "decide_writeback_wait",
        (FOLIO, RECLAIM),
        WritebackDecision(Action.WAIT, timeout_ns=-1),
        "the rule is a whole number >= 0",
    ),
    (
        "throttle_after_batch",
        (PROGRESS, RECLAIM),
        Throttle(ThrottleKind.CONGESTION_WAIT, timeout_ns=-5),
        "answered timeout_ns -5; the rule is a whole number >= 0",
    ),
    ("throttle_after_batch", (PROGRESS, RECLAIM), Throttle("nap"), "the rule is a ThrottleKind"),  # type: ignore[arg-type]  # that is the point
    (
        "decide_flusher_wakeup",
        (PROGRESS, RECLAIM),
        FlusherWakeup(wake=True, nr_pages=-1),
        "answered nr_pages -1; the rule is a whole number >= 0",
    ),
    ("derive_gfp", (ALLOCATION,), "GFP_NOIO", "the rule is int or None"),
    ("derive_gfp", (ALLOCATION,), True, "the rule is int or None"),
    ("derive_gfp", (ALLOCATION,), GFP_NOFS | GFP_FS, "added bits 0x80; the rule is to clear only"),
    ("derive_gfp", (ALLOCATION,), -1, "answered -1; the rule is a whole number >= 0"),
    ("enter_scope", (ScopeView(Scope.TRANSACTION, "xfs", 0),), ScopeChange(1, 1), "one of both"),
    (
        "decide_writeback_wait",
        (FOLIO, RECLAIM),
        WritebackDecision(Action.KEEP, mark_reclaim=1),  # type: ignore[arg-type]
        "answered mark_reclaim 1; the rule is True or False",
    ),
    (
        "describe_kernel",
        ("v1",),
        FEATURES._replace(charges_kernel_memory="yes"),
        "answered charges_kernel_memory 'yes'; the rule is True or False",
    ),
    (
        "describe_kernel",
        ("v1",),
        FEATURES._replace(memcg_reclaim_loops=0),
        "answered memcg_reclaim_loops 0; the rule is a whole number > 0",
    ),
)


@pytest.mark.parametrize(("hook", "question", "answer", "rule"), NONSENSE)
def test_nonsense_is_refused_in_the_words_of_the_rule(
    hook: str, question: tuple[Any, ...], answer: Any, rule: str
) -> None:
    table = HookTable(manager_of(policy_that("fool", **{hook: lambda: answer})))
    with pytest.raises(PolicyError) as caught:
        getattr(table, hook)(*question)
    assert caught.value.policy == "fool"
    assert rule in caught.value.problem


def test_an_observer_that_raises_is_dropped_and_the_others_are_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    told: list[int] = []

    def stumble(nr_pages: int) -> None:
        raise ValueError(nr_pages)

    table = HookTable(
        manager_of(
            policy_that("listener", page_written=lambda nr_pages: told.append(nr_pages)),
            policy_that("stumbler", page_written=stumble),
        )
    )
    table.notify("page_written", nr_pages=32, time_ns=1)
    table.notify("page_written", nr_pages=64, time_ns=2)
    assert told == [32, 64]
    assert len(caplog.records) == 1
    assert "observer stumbler, hook page_written raised" in caplog.text
    caplog.clear()


def test_a_pure_answer_that_changes_by_the_end_of_the_run_is_refused() -> None:
    answers = iter((Action.WAIT, Action.KEEP))
    fickle = policy_that("fickle", decide_writeback_wait=lambda: WritebackDecision(next(answers)))
    table = HookTable(manager_of(fickle))
    table.decide_writeback_wait(FOLIO, RECLAIM)
    with pytest.raises(PolicyError, match=r"policy fickle, .* is pure, but answered"):
        table.recheck()


def test_a_pure_mask_is_asked_for_again_too() -> None:
    masks = iter((GFP_NOFS, 0))
    table = HookTable(manager_of(policy_that("fickle", derive_gfp=lambda: next(masks))))
    table.derive_gfp(ALLOCATION)
    with pytest.raises(PolicyError, match=r"hook derive_gfp: is pure, but answered"):
        table.recheck()


def test_an_observer_cannot_change_what_it_is_shown(caplog: pytest.LogCaptureFixture) -> None:
    def vandal(metrics: Any) -> None:
        metrics["oom_kills"] = 0

    metrics = {"oom_kills": 1.0}
    table = HookTable(manager_of(policy_that("vandal", run_finished=vandal)))
    table.notify("run_finished", verdict="oom", metrics=metrics)
    assert metrics == {"oom_kills": 1.0}
    assert "observer vandal, hook run_finished raised" in caplog.text


def dirtier() -> Any:
    return next(iter(QUESTIONS["throttle_dirty"]()))[0]


@pytest.mark.parametrize("answers", [(1, 2), (2, 1)])
def test_the_debug_mode_asks_again_at_each_third_hit_and_sees_a_change_either_way(
    answers: tuple[int, int],
) -> None:
    asked: list[int] = []
    first, then = answers

    def fickle(folio: FolioView) -> WritebackDecision:
        asked.append(len(asked))
        return WritebackDecision(Action.WAIT, timeout_ns=first if len(asked) < 4 else then)

    table = HookTable(
        manager_of(policy_that("fickle", decide_writeback_wait=fickle)), recheck_every=3
    )
    calls = []
    for _ in range(9):
        table.decide_writeback_wait(FOLIO, RECLAIM)
        calls.append(len(asked))
    assert calls == [1, 1, 1, 2, 2, 2, 3, 3, 3]
    with pytest.raises(PolicyError, match="is pure, but answered"):
        table.decide_writeback_wait(FOLIO, RECLAIM)


@pytest.mark.parametrize("answers", [(1, 2), (2, 1)])
def test_a_change_either_way_is_seen_by_the_end_of_the_run(answers: tuple[int, int]) -> None:
    times = iter(answers)
    fickle = policy_that(
        "fickle",
        decide_writeback_wait=lambda: WritebackDecision(Action.WAIT, timeout_ns=next(times)),
    )
    table = HookTable(manager_of(fickle))
    table.decide_writeback_wait(FOLIO, RECLAIM)
    with pytest.raises(PolicyError, match="is pure, but answered"):
        table.recheck()


def test_every_pure_hook_is_asked_again_at_the_end_and_an_equal_answer_is_the_same() -> None:
    asked: list[str] = []

    def answering(name: str, make: Callable[[], Any]) -> Callable[[], Any]:
        def answer() -> Any:
            asked.append(name)
            return make()  # equal, and another object each time

        return answer

    steady = policy_that(
        "steady",
        decide_writeback_wait=answering("wait", lambda: WritebackDecision(Action.KEEP)),
        throttle_dirty=answering("dirty", lambda: DirtyThrottle(*[True, False])),
        enter_scope=answering("scope", lambda: ScopeChange(set_flags=PF_FSTRANS)),
        derive_gfp=answering("gfp", lambda: int("10", 16)),
    )
    table = HookTable(manager_of(steady))
    scope = ScopeView(Scope.TRANSACTION, "xfs", 0)
    for _ in range(2):
        table.decide_writeback_wait(FOLIO, RECLAIM)
        table.throttle_dirty(dirtier())
        table.enter_scope(scope)
        table.derive_gfp(ALLOCATION)
    assert sorted(asked) == ["dirty", "gfp", "scope", "wait"]
    assert table.asked == 4
    table.recheck()
    assert sorted(asked) == sorted(["dirty", "gfp", "scope", "wait"] * 2)


def test_a_changed_answer_to_a_hook_of_one_argument_is_seen_too() -> None:
    answers = iter([DirtyThrottle(True, True), DirtyThrottle(True, False)])
    table = HookTable(manager_of(policy_that("fickle", throttle_dirty=lambda: next(answers))))
    table.throttle_dirty(dirtier())
    with pytest.raises(PolicyError, match="hook throttle_dirty: is pure, but answered"):
        table.recheck()


def test_two_fixes_that_set_or_clear_the_same_flag_set_or_clear_it_once() -> None:
    scope = ScopeView(Scope.TRANSACTION, "xfs", 0)
    for change in (ScopeChange(set_flags=PF_FSTRANS), ScopeChange(clear_flags=PF_FSTRANS)):
        twins = [policy_that(name, enter_scope=lambda change=change: change) for name in "ab"]
        assert HookTable(manager_of(*twins)).enter_scope(scope) == change


def test_the_implementation_of_a_hook_is_that_of_the_fix_on_top_if_there_is_one() -> None:
    below = policy_that("a", throttle_dirty=lambda: DirtyThrottle(True, False))
    above = policy_that("b", throttle_dirty=lambda: DirtyThrottle(False, True))
    table = HookTable(manager_of(below, above))
    ask = table.implementation("throttle_dirty")
    assert ask is not None
    assert ask(dirtier()) == DirtyThrottle(False, True)
    assert table.implementation("decide_oom") is None
