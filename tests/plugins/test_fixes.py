"""Each fix over a kernel: what it takes, what it gives, and what it leaves alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from reclaimlab.hosting.catalog import Catalog
from reclaimlab.hosting.contender import parse_contender
from reclaimlab.hosting.host import build_table
from reclaimlab.hosting.questions import QUESTIONS
from reclaimlab.policy import (
    MSEC,
    NO_THROTTLE,
    Action,
    AllocationView,
    DirtierView,
    FolioView,
    ProgressView,
    ReclaimView,
    Scope,
    ScopeView,
    Stage,
    Throttle,
    ThrottleKind,
    ThrottleReason,
    WritebackDecision,
    hookspecs,
)
from reclaimlab.policy.gfp import (
    GFP_IO,
    GFP_KERNEL,
    GFP_NOFS,
    GFP_NOIO,
    PF_FSTRANS,
    PF_KSWAPD,
    PF_KTHREAD,
    PF_MEMALLOC_NOFS,
    PF_MEMALLOC_NOIO,
    PF_WQ_WORKER,
)

if TYPE_CHECKING:
    from reclaimlab.policy.table import HookTable

CATALOG: Final = Catalog.discover()
WORKER: Final = PF_KTHREAD | PF_WQ_WORKER
SEEN: Final = FolioView(reclaim=True, swapcache=False, dirty=False, writeback=True)
NEW: Final = SEEN._replace(reclaim=False)
KEEP: Final = WritebackDecision(Action.KEEP)
KEEP_R: Final = WritebackDecision(Action.KEEP, mark_reclaim=True)
WAIT: Final = WritebackDecision(Action.WAIT)
FIXES: Final = [name for name, each in CATALOG.policies.items() if each.info.kind == "fix"]


def table_of(contender: str) -> HookTable:
    return build_table(parse_contender(contender, CATALOG), CATALOG)


def reclaim(gfp: int = GFP_KERNEL, flags: int = 0, **changes: Any) -> ReclaimView:
    """Return hard-limit reclaim of a memcg on cgroup v1, at the first priority."""
    kswapd = bool(flags & PF_KSWAPD)
    view = ReclaimView(gfp, flags, True, False, kswapd, 12, False, False, False)
    return view._replace(**changes)


GLOBAL: Final = {"targets_memcg": False, "sane": True}


def brought(**counts: Any) -> ProgressView:
    quiet = ProgressView("batch", 32, 32, 32, 0, 0, 0, 0, 0, 0, False, False, False)
    return quiet._replace(**counts)


def allocation(stage: Stage, gfp: int, flags: int = 0, within: str = "") -> AllocationView:
    return AllocationView(stage, gfp, flags, "kmem_alloc", within, False, False, "xfs")


def mask_of(table: HookTable, gfp: int, flags: int, within: str = "") -> int:
    """Return what is left of a mask after all three stages, as a hard-limit charge goes."""
    for stage in Stage:
        gfp = table.derive_gfp(allocation(stage, gfp, flags, within))
    return gfp


def completion_mask(contender: str, within: str = "xfs_setfilesize") -> int:
    """Return the mask with which the completion work of XFS enters global reclaim."""
    table = table_of(contender)
    flags = table.enter_scope(ScopeView(Scope.COMPLETION_WORK, "xfs", WORKER)).set_flags
    gfp = table.derive_gfp(allocation(Stage.CALLER, GFP_KERNEL, flags, within))
    return table.derive_gfp(allocation(Stage.PAGE_ALLOCATOR, gfp, flags, within))


def worker_waits(contender: str, within: str = "xfs_setfilesize") -> bool:
    """Return whether the posted completion waits for a page in soft-limit reclaim."""
    view = reclaim(completion_mask(contender, within), WORKER)
    return table_of(contender).decide_writeback_wait(SEEN, view).action is Action.WAIT


@pytest.mark.parametrize(
    ("fixes", "waits"),
    [
        ("", True),
        ("+km-noio", True),  # the posted call is not xfs_iomap_write_unwritten()
        ("+km-noio(sites=all)", False),
        ("+memalloc-noio", False),
        ("+pf-fstrans", True),  # __GFP_IO is what the test asks for
        ("+pf-fstrans+may-enter-fs", False),
        ("+unlocked-write-begin", True),
        ("+unlocked-write-begin+may-enter-fs", False),
        ("+may-enter-fs", False),
        ("+wait-may-enter-fs", False),
        ("+wait-after-batch(test=io)", False),  # not in shrink_page_list(), but after it
        ("+congestion-wait", False),
        ("+timed-page-wait", True),  # but not for ever
        ("+exempt-kthreads", False),
        ("+nofs-scope", True),
        ("+nofs-scope+may-enter-fs", False),
        ("+memcg-dirty-throttle", False),
        ("+memcg-dirty-throttle(keep_wait=true)", True),
        ("+reclaim-throttle", False),
        ("+unlock-before-wait", True),
    ],
)
def test_whether_the_posted_completion_waits_for_a_page(fixes: str, waits: bool) -> None:
    assert worker_waits(f"linux-3.10{fixes}") is waits


@pytest.mark.parametrize("fix", FIXES)
def test_a_fix_leaves_the_facts_of_the_kernel_alone(fix: str) -> None:
    plain, fixed = table_of("linux-3.10"), table_of(f"linux-3.10+{fix}")
    for hook in ("describe_kernel", "describe_filesystem", "decide_oom", "decide_dirty_folio"):
        for question in QUESTIONS[hook]():
            assert getattr(fixed, hook)(*question) == getattr(plain, hook)(*question)


@pytest.mark.parametrize("fix", [name for name in FIXES if name != "wait-may-enter-fs"])
def test_a_fix_leaves_the_pages_of_global_reclaim_alone(fix: str) -> None:
    plain, fixed = table_of("linux-3.11"), table_of(f"linux-3.11+{fix}")
    for folio, view in QUESTIONS["decide_writeback_wait"]():
        if not view.targets_memcg:
            answers = (each.decide_writeback_wait(folio, view) for each in (plain, fixed))
            assert len(set(answers)) == 1, (folio, view)


# ---- one by one, in the order of the table ----------------------------------------------------


def test_f1_over_any_kernel_is_the_commit_alone() -> None:
    over = [table_of(f"{each}+wait-may-enter-fs") for each in ("linux-3.5", "linux-3.10")]
    for question in QUESTIONS["decide_writeback_wait"]():
        assert len({each.decide_writeback_wait(*question) for each in over}) == 1
    assert over[0].decide_writeback_wait(NEW, reclaim()) == KEEP


def test_f3_clears_io_at_its_sites_and_nowhere_else() -> None:
    unwritten = "xfs_iomap_write_unwritten"
    assert completion_mask("linux-3.10+km-noio", unwritten) == GFP_NOIO
    assert completion_mask("linux-3.10+km-noio", "xfs_setfilesize") == GFP_NOFS
    assert completion_mask("linux-3.10+km-noio(sites=all)", "xfs_setfilesize") == GFP_NOIO
    assert completion_mask("linux-3.10+km-noio(sites=all)", "xfs_create") == GFP_NOFS


def test_f3b_does_what_the_kernel_below_makes_of_the_flag() -> None:
    assert completion_mask("linux-3.5+memalloc-noio") == GFP_NOFS
    assert completion_mask("linux-3.10+memalloc-noio") == GFP_NOFS & ~GFP_IO
    assert completion_mask("linux-6.1+memalloc-noio") == GFP_NOIO


def test_f3b_on_3_10_leaves_fs_so_a_kernel_allocation_may_still_enter_the_fs() -> None:
    table = table_of("linux-3.10+memalloc-noio")
    view = allocation(Stage.PAGE_ALLOCATOR, GFP_KERNEL, PF_MEMALLOC_NOIO)
    assert table.derive_gfp(view) == GFP_KERNEL & ~GFP_IO


def test_f4_reaches_a_nested_allocation_in_a_transaction() -> None:
    nested = allocation(Stage.PAGE_ALLOCATOR, GFP_KERNEL, PF_FSTRANS)._replace(site="__vmalloc")
    assert table_of("linux-3.10").derive_gfp(nested) == GFP_KERNEL
    assert table_of("linux-3.10+pf-fstrans").derive_gfp(nested) == GFP_NOFS


@pytest.mark.parametrize(
    ("filesystems", "nofs"),
    [("all", set()), ("xfs", {"gfs2"}), ("gfs2", {"xfs"}), ("ext4", {"xfs", "gfs2"})],
)
def test_f5_takes_aop_flag_nofs_from_the_filesystems_named(
    filesystems: str, nofs: set[str]
) -> None:
    table = table_of(f"linux-3.10+unlocked-write-begin(filesystems={filesystems})")
    scopes = {fs: ScopeView(Scope.WRITE_BEGIN, fs, 0) for fs in ("xfs", "gfs2", "ext4")}
    assert {fs for fs, scope in scopes.items() if table.enter_scope(scope).aop_nofs} == nofs


def test_f6_over_3_11_is_what_4_2_answers_on_cgroup_v1() -> None:
    fixed, later = table_of("linux-3.11+may-enter-fs"), table_of("linux-4.2")
    for folio, view in QUESTIONS["decide_writeback_wait"]():
        if view.targets_memcg and view.sane:
            continue  # cgroup v2, of which 3.11 knows nothing
        in_case_1 = view.is_kswapd and view.zone_writeback and folio.reclaim
        if in_case_1 and not folio.may_enter_fs(view.gfp):
            continue  # no kswapd runs without __GFP_FS
        answers = (each.decide_writeback_wait(folio, view) for each in (fixed, later))
        assert len(set(answers)) == 1, (folio, view)


def test_f7_waits_once_after_a_batch_with_a_slow_page_and_enough_writeback() -> None:
    slow = {"has_slow_folio": True, "has_slow_folio_io": True}
    table = table_of("linux-3.10+wait-after-batch")
    wait = Throttle(ThrottleKind.WAIT_ON_SLOW_FOLIO)
    assert table.decide_writeback_wait(SEEN, reclaim()) == KEEP
    assert table.throttle_after_batch(brought(nr_writeback=32, **slow), reclaim()) == wait
    few = table.throttle_after_batch(brought(nr_writeback=31, **slow), reclaim())
    assert few == NO_THROTTLE
    global_reclaim = table.throttle_after_batch(brought(nr_writeback=32, **slow), reclaim(**GLOBAL))
    assert global_reclaim.kind is ThrottleKind.WAIT_IFF_CONGESTED


def test_f7b_tests_io_and_marks_all() -> None:
    table = table_of("linux-3.10+wait-after-batch(test=io,mark=all)")
    assert table.decide_writeback_wait(NEW, reclaim()) == KEEP_R
    progress = brought(nr_writeback=32, has_slow_folio_io=True)
    answer = table.throttle_after_batch(progress, reclaim(GFP_NOFS))
    assert answer == Throttle(ThrottleKind.WAIT_ON_SLOW_FOLIO, uses_io_test=True)


FULL: Final = brought(nr_writeback=32)


@pytest.mark.parametrize(
    ("skip", "gfp", "flags", "sleeps"),
    [
        ("none", GFP_NOFS, WORKER, True),
        ("nofs", GFP_NOFS, 0, False),
        ("nofs", GFP_KERNEL, WORKER, True),
        ("kthread", GFP_KERNEL, WORKER, False),
        ("kthread", GFP_KERNEL, PF_KTHREAD | PF_KSWAPD, False),
        ("kthread", GFP_NOFS, 0, True),
    ],
)
def test_f8_sleeps_for_a_while_whoever_is_not_spared(
    skip: str, gfp: int, flags: int, sleeps: bool
) -> None:
    table = table_of(f"linux-3.10+congestion-wait(timeout=30ms,skip={skip})")
    nap = Throttle(ThrottleKind.CONGESTION_WAIT, 30 * MSEC) if sleeps else NO_THROTTLE
    assert table.throttle_after_batch(FULL, reclaim(gfp, flags)) == nap


def test_f8_leaves_global_reclaim_to_the_kernel() -> None:
    table = table_of("linux-3.10+congestion-wait(skip=kthread)")
    answer = table.throttle_after_batch(FULL, reclaim(flags=WORKER, **GLOBAL))
    assert answer == Throttle(ThrottleKind.WAIT_IFF_CONGESTED, 100 * MSEC)


def test_f9_waits_where_3_10_waits_but_not_for_ever() -> None:
    plain, fixed = table_of("linux-3.10"), table_of("linux-3.10+timed-page-wait(timeout=2s)")
    limited = WAIT._replace(timeout_ns=2000 * MSEC)
    for view in (reclaim(), reclaim(GFP_NOFS), reclaim(GFP_NOIO), reclaim(**GLOBAL)):
        for folio in (SEEN, NEW):
            expected = plain.decide_writeback_wait(folio, view)
            expected = limited if expected == WAIT else expected
            assert fixed.decide_writeback_wait(folio, view) == expected


@pytest.mark.parametrize("flags", [PF_KTHREAD, PF_WQ_WORKER, WORKER, PF_KTHREAD | PF_KSWAPD])
def test_f10_spares_kernel_threads_and_nobody_else(flags: int) -> None:
    table = table_of("linux-3.10+exempt-kthreads")
    assert table.decide_writeback_wait(SEEN, reclaim(GFP_KERNEL, flags)) == KEEP_R
    assert table.decide_writeback_wait(SEEN, reclaim(GFP_KERNEL)) == WAIT


@pytest.mark.parametrize(
    ("scope", "contender", "scoped"),
    [
        (Scope.TRANSACTION, "linux-3.10+nofs-scope", True),
        (Scope.COMPLETION_WORK, "linux-3.10+nofs-scope", True),
        (Scope.SUBMISSION, "linux-3.10+nofs-scope", True),
        (Scope.SUBMISSION, "linux-3.10+nofs-scope(submission=false)", False),
        (Scope.WRITE_BEGIN, "linux-3.10+nofs-scope", False),
    ],
)
def test_f11_clears_fs_inside_its_scopes(scope: Scope, contender: str, scoped: bool) -> None:
    table = table_of(contender)
    flags = table.enter_scope(ScopeView(scope, "ext4", 0)).set_flags
    assert bool(flags & PF_MEMALLOC_NOFS) is scoped
    assert mask_of(table, GFP_KERNEL, flags) == (GFP_NOFS if scoped else GFP_KERNEL)


@pytest.mark.parametrize("cgroup", ["v1", "v2"])
@pytest.mark.parametrize("filesystem", ["xfs", "ext4"])
def test_f12_holds_a_writer_in_the_domain_of_its_memcg(cgroup: str, filesystem: str) -> None:
    table = table_of("linux-3.10+memcg-dirty-throttle")
    inside = DirtierView(0, filesystem, in_memcg=True, cgroup=cgroup)
    assert table.throttle_dirty(inside).in_memcg_domain
    assert not table.throttle_dirty(inside._replace(in_memcg=False)).in_memcg_domain


def test_f12_keeps_the_page_wait_only_if_told_to() -> None:
    dropped = table_of("linux-3.10+memcg-dirty-throttle")
    kept = table_of("linux-3.10+memcg-dirty-throttle(keep_wait=true)")
    assert dropped.decide_writeback_wait(SEEN, reclaim()) == KEEP_R
    assert kept.decide_writeback_wait(SEEN, reclaim()) == WAIT


def test_f13_throttles_reclaimers_on_writeback_and_never_workers() -> None:
    table = table_of("linux-3.10+reclaim-throttle")
    throttle = Throttle(ThrottleKind.RECLAIM_THROTTLE, 100 * MSEC, ThrottleReason.WRITEBACK)
    assert table.throttle_after_batch(FULL, reclaim(GFP_NOFS)) == throttle
    assert table.throttle_after_batch(brought(nr_unqueued_dirty=32), reclaim()) == throttle
    assert table.throttle_after_batch(FULL, reclaim(GFP_NOFS, WORKER)) == NO_THROTTLE
    passed = brought(point="pass", nr_immediate=1)
    kswapd = reclaim(GFP_KERNEL, PF_KTHREAD | PF_KSWAPD, **GLOBAL)
    assert table.throttle_after_pass(passed, kswapd) == throttle


def test_f14_waits_where_3_10_waits_with_the_page_unlocked() -> None:
    table = table_of("linux-3.10+unlock-before-wait")
    assert table.decide_writeback_wait(SEEN, reclaim(GFP_NOFS)) == WAIT._replace(unlock_first=True)
    assert table.decide_writeback_wait(SEEN, reclaim(GFP_NOIO)) == KEEP_R
    assert table.decide_writeback_wait(NEW, reclaim()) == KEEP_R


def test_a_fix_named_later_has_the_word_over_an_earlier_one() -> None:
    both = table_of("linux-3.10+timed-page-wait+may-enter-fs")
    assert both.decide_writeback_wait(SEEN, reclaim(GFP_NOFS)) == KEEP_R
    assert both.decide_writeback_wait(SEEN, reclaim()).timeout_ns == 100 * MSEC


def test_a_fix_has_no_opinion_on_hooks_it_does_not_name() -> None:
    plain, fixed = table_of("linux-4.2"), table_of("linux-4.2+exempt-kthreads")
    for hook in set(QUESTIONS) - hookspecs.COMBINED - {"decide_writeback_wait"}:
        for question in QUESTIONS[hook]():
            assert getattr(fixed, hook)(*question) == getattr(plain, hook)(*question)
