"""Each kernel against the tables of the kernel notes: one parameter set is one row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from reclaimlab.hosting.catalog import Catalog
from reclaimlab.hosting.contender import parse_contender
from reclaimlab.hosting.host import build_table
from reclaimlab.policy import (
    MSEC,
    Action,
    AllocationView,
    ChargeFailureView,
    DirtierView,
    DirtyDecision,
    FilesystemView,
    FlusherWakeup,
    FolioView,
    OomAction,
    ProgressView,
    ReclaimView,
    Scope,
    ScopeView,
    Stage,
    Throttle,
    ThrottleKind,
    ThrottleReason,
    WritebackDecision,
)
from reclaimlab.policy.gfp import (
    GFP_ATOMIC,
    GFP_FS,
    GFP_IO,
    GFP_KERNEL,
    GFP_NOFAIL,
    GFP_NOFS,
    GFP_NOIO,
    GFP_NORETRY,
    PF_FSTRANS,
    PF_KSWAPD,
    PF_KTHREAD,
    PF_LESS_THROTTLE,
    PF_MEMALLOC,
    PF_MEMALLOC_NOFS,
    PF_MEMALLOC_NOIO,
    PF_WQ_WORKER,
)

if TYPE_CHECKING:
    from reclaimlab.policy.table import HookTable

CATALOG: Final = Catalog.discover()
KERNELS: Final = ("linux-3.5", "linux-3.10", "linux-3.11", "linux-4.2", "linux-6.1", "linux-6.18")
WORKER: Final = PF_KTHREAD | PF_WQ_WORKER

WAIT: Final = WritebackDecision(Action.WAIT)
WAIT_UNLOCKED: Final = WritebackDecision(Action.WAIT, unlock_first=True)
KEEP: Final = WritebackDecision(Action.KEEP)
KEEP_R: Final = WritebackDecision(Action.KEEP, mark_reclaim=True)
KEEP_IMMEDIATE: Final = WritebackDecision(Action.KEEP, immediate=True)
ACTIVATE_R: Final = WritebackDecision(Action.ACTIVATE, mark_reclaim=True)
ACTIVATE_IMMEDIATE: Final = WritebackDecision(Action.ACTIVATE, immediate=True)


def table_of(contender: str) -> HookTable:
    return build_table(parse_contender(contender, CATALOG), CATALOG)


def page(*, r: bool = False, swap: bool = False, dirty: bool = False) -> FolioView:
    return FolioView(reclaim=r, swapcache=swap, dirty=dirty, writeback=not dirty)


def reclaim(
    gfp: int = GFP_KERNEL,
    *,
    m: bool = False,
    v2: bool = False,
    k: bool = False,
    zw: bool = False,
    zd: bool = False,
    zc: bool = False,
    priority: int = 12,
    flags: int = 0,
) -> ReclaimView:
    """Return a pass of reclaim: m a target memcg, k kswapd, z* the flags of the zone."""
    flags |= PF_KTHREAD | PF_KSWAPD if k else 0
    return ReclaimView(gfp, flags, m, not m or v2, k, priority, zw, zd, zc)


def brought(point: Any = "batch", **counts: Any) -> ProgressView:
    names = ("dirty", "unqueued_dirty", "congested", "writeback", "immediate")
    zeros = dict.fromkeys((f"nr_{each}" for each in names), 0)
    given: dict[str, Any] = {
        "nr_taken": 32, "nr_scanned": 32, "total_scanned": 32, "nr_reclaimed": 0,
        "bdi_congested": False, "has_slow_folio": False, "has_slow_folio_io": False,
    }  # fmt: skip
    return ProgressView(point=point, **(given | zeros | counts))


# ---- the wait: tables 2.1 to 2.3g -------------------------------------------------------------

# Rows: M target memcg, R page seen before, mask, swap cache.
TWO_TO_SIX: Final = {
    # table 2.1: 3.5 keeps always and sets nothing
    "linux-3.5": [
        (True, True, GFP_KERNEL, False, KEEP),
        (True, False, GFP_KERNEL, False, KEEP),
        (False, True, GFP_KERNEL, False, KEEP),
    ],
    # table 2.2 (b)
    "linux-3.5+wait-may-enter-fs": [
        (True, True, GFP_KERNEL, False, WAIT),
        (True, True, GFP_NOFS, False, KEEP),
        (True, True, GFP_NOFS, True, WAIT),
        (True, False, GFP_KERNEL, False, KEEP),
        (False, True, GFP_KERNEL, False, KEEP),
    ],
    # table 2.2 (c)
    "linux-3.10": [
        (True, True, GFP_KERNEL, False, WAIT),
        (True, True, GFP_NOFS, False, WAIT),
        (False, True, GFP_KERNEL, False, KEEP_R),
        (False, False, GFP_KERNEL, False, KEEP_R),
        (True, False, GFP_KERNEL, False, KEEP_R),
        (True, True, GFP_NOIO, False, KEEP_R),
    ],
    # the two changes of c3b94f44fcb0 apart
    "linux-3.10(test=fs)": [
        (True, True, GFP_KERNEL, False, WAIT),
        (True, True, GFP_NOFS, False, KEEP_R),
        (True, True, GFP_NOFS, True, WAIT),
    ],
    "linux-3.10(test=none)": [
        (True, True, GFP_NOIO, False, WAIT),
        (False, True, GFP_KERNEL, False, KEEP_R),
        (True, False, GFP_KERNEL, False, KEEP_R),
    ],
    "linux-3.10(mark=dirty)": [
        (True, True, GFP_NOFS, False, WAIT),
        (True, False, GFP_KERNEL, False, KEEP),
        (False, True, GFP_KERNEL, False, KEEP),
    ],
    # table 2.3, cases 2 and 3
    "linux-3.11": [
        (False, True, GFP_KERNEL, False, KEEP_R),
        (True, False, GFP_KERNEL, False, KEEP_R),
        (True, True, GFP_NOIO, False, KEEP_R),
        (True, True, GFP_NOFS, False, WAIT),
        (True, True, GFP_KERNEL, False, WAIT),
    ],
    # table 2.3e
    "linux-4.2": [
        (True, True, GFP_KERNEL, False, WAIT),
        (True, True, GFP_NOFS, False, KEEP_R),
        (True, True, GFP_NOIO, False, KEEP_R),
        (True, True, GFP_NOFS, True, WAIT),
        (True, False, GFP_KERNEL, False, KEEP_R),
        (False, True, GFP_KERNEL, False, KEEP_R),
    ],
    # 2.3f and 2.3g: unlocked before the wait, and activated instead of kept
    "linux-6.1": [
        (True, True, GFP_KERNEL, False, WAIT_UNLOCKED),
        (True, True, GFP_NOFS, False, ACTIVATE_R),
        (True, True, GFP_NOFS, True, WAIT_UNLOCKED),
        (True, False, GFP_KERNEL, False, ACTIVATE_R),
        (False, True, GFP_KERNEL, False, ACTIVATE_R),
    ],
}
ROWS: Final = [(kernel, *row) for kernel, rows in TWO_TO_SIX.items() for row in rows]


@pytest.mark.parametrize(("kernel", "m", "r", "gfp", "swap", "answer"), ROWS)
def test_a_page_under_writeback_is_treated_as_the_table_says(
    kernel: str, m: bool, r: bool, gfp: int, swap: bool, answer: WritebackDecision
) -> None:
    table = table_of(kernel)
    assert table.decide_writeback_wait(page(r=r, swap=swap), reclaim(gfp, m=m)) == answer


@pytest.mark.parametrize(
    ("kernel", "zw", "m", "answer"),
    [
        # before 3.11 kswapd in soft-limit reclaim waits, whatever the zone
        ("linux-3.10", True, True, WAIT),
        ("linux-3.10", True, False, KEEP_R),
        # case 1 comes before the question of the target
        ("linux-3.11", True, False, KEEP_IMMEDIATE),
        ("linux-3.11", True, True, KEEP_IMMEDIATE),
        ("linux-3.11", False, True, WAIT),
        ("linux-3.11", False, False, KEEP_R),
        ("linux-4.2", True, True, KEEP_IMMEDIATE),
        ("linux-6.1", True, False, ACTIVATE_IMMEDIATE),
        ("linux-6.18", True, False, ACTIVATE_IMMEDIATE),
    ],
)
def test_kswapd_meeting_a_page_twice(
    kernel: str, zw: bool, m: bool, answer: WritebackDecision
) -> None:
    view = reclaim(GFP_KERNEL, k=True, m=m, zw=zw)
    assert table_of(kernel).decide_writeback_wait(page(r=True), view) == answer


@pytest.mark.parametrize(
    ("kernel", "answer"),
    [
        ("linux-3.11", WAIT),  # sane_reclaim() does not exist
        ("linux-4.2", KEEP_R),
        ("linux-6.1", ACTIVATE_R),
        ("linux-6.18", ACTIVATE_R),
    ],
)
def test_cgroup_v2_never_waits_since_4_2(kernel: str, answer: WritebackDecision) -> None:
    view = reclaim(GFP_KERNEL, m=True, v2=True)
    assert table_of(kernel).decide_writeback_wait(page(r=True), view) == answer


# ---- dirty pages: table 2.6 -------------------------------------------------------------------

LEFT: Final = DirtyDecision(Action.KEEP, mark_reclaim=True)
LEFT_ACTIVE: Final = DirtyDecision(Action.ACTIVATE, mark_reclaim=True)
OUT: Final = DirtyDecision(Action.PAGEOUT)


@pytest.mark.parametrize(
    ("kernel", "r", "view", "answer"),
    [
        ("linux-3.10", True, reclaim(priority=0), LEFT),
        ("linux-3.10", True, reclaim(k=True, priority=10), LEFT),
        ("linux-3.10", False, reclaim(k=True, priority=9), OUT),
        ("linux-3.5", False, reclaim(k=True, priority=9), OUT),
        ("linux-3.11", False, reclaim(k=True, priority=0), LEFT),
        ("linux-3.11", False, reclaim(k=True, zd=True), OUT),
        ("linux-4.2", False, reclaim(k=True, zd=True), OUT),
        ("linux-4.2", False, reclaim(zd=True), LEFT),
        ("linux-6.1", True, reclaim(zd=True), LEFT_ACTIVE),
        ("linux-6.1", False, reclaim(k=True, zd=True), LEFT_ACTIVE),
        ("linux-6.1", True, reclaim(k=True, zd=True), OUT),
        ("linux-6.18", True, reclaim(k=True, zd=True), LEFT_ACTIVE),
    ],
)
def test_a_dirty_file_page_is_written_by_kswapd_alone(
    kernel: str, r: bool, view: ReclaimView, answer: DirtyDecision
) -> None:
    assert table_of(kernel).decide_dirty_folio(page(r=r, dirty=True), view) == answer


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(("gfp", "action"), [(GFP_KERNEL, OUT), (GFP_NOFS, OUT), (GFP_NOIO, None)])
def test_a_dirty_swap_page_is_written_by_any_caller_with_io(
    kernel: str, gfp: int, action: DirtyDecision | None
) -> None:
    answer = table_of(kernel).decide_dirty_folio(page(swap=True, dirty=True), reclaim(gfp))
    assert answer == (action or DirtyDecision(Action.KEEP, mark_reclaim=False))


# ---- sleeping after the batch and the pass: table 2.5 -----------------------------------------

NO: Final = Throttle(ThrottleKind.NONE)
IFF: Final = Throttle(ThrottleKind.WAIT_IFF_CONGESTED, 100 * MSEC)
NAP: Final = Throttle(ThrottleKind.CONGESTION_WAIT, 100 * MSEC)
WRITEBACK: Final = Throttle(ThrottleKind.RECLAIM_THROTTLE, 100 * MSEC, ThrottleReason.WRITEBACK)
CONGESTED: Final = Throttle(ThrottleKind.RECLAIM_THROTTLE, 4 * MSEC, ThrottleReason.CONGESTED)
NOPROGRESS: Final = Throttle(ThrottleKind.RECLAIM_THROTTLE, 4 * MSEC, ThrottleReason.NOPROGRESS)


@pytest.mark.parametrize(
    ("kernel", "counts", "view", "answer"),
    [
        # 3.2-3.10: nr_writeback >= nr_taken >> (12 - P)
        ("linux-3.10", {"nr_writeback": 32}, reclaim(priority=12), IFF),
        ("linux-3.10", {"nr_writeback": 31}, reclaim(priority=12), NO),
        ("linux-3.10", {"nr_writeback": 16}, reclaim(priority=11), IFF),
        ("linux-3.10", {"nr_writeback": 15}, reclaim(priority=11), NO),
        ("linux-3.10", {"nr_writeback": 1}, reclaim(priority=7), IFF),
        ("linux-3.10", {"nr_writeback": 0}, reclaim(priority=0), NO),
        ("linux-3.5", {"nr_writeback": 8}, reclaim(m=True, priority=10), IFF),
        # 3.11: global reclaim naps, memcg reclaim does not; everybody but kswapd asks the zone
        ("linux-3.11", {"nr_unqueued_dirty": 32}, reclaim(), NAP),
        ("linux-3.11", {"nr_immediate": 1}, reclaim(k=True), NAP),
        ("linux-3.11", {"nr_unqueued_dirty": 31}, reclaim(), IFF),
        ("linux-3.11", {"nr_unqueued_dirty": 31}, reclaim(k=True), NO),
        ("linux-3.11", {"nr_unqueued_dirty": 32}, reclaim(m=True), IFF),
        # 4.2: only nr_immediate, sane instead of global, and not for PF_LESS_THROTTLE
        ("linux-4.2", {"nr_unqueued_dirty": 32}, reclaim(), IFF),
        ("linux-4.2", {"nr_immediate": 1}, reclaim(m=True, v2=True), NAP),
        ("linux-4.2", {"nr_immediate": 1}, reclaim(m=True), IFF),
        ("linux-4.2", {"nr_immediate": 1}, reclaim(flags=PF_LESS_THROTTLE), NO),
        (
            "linux-4.2",
            {"nr_immediate": 1, "bdi_congested": True},
            reclaim(flags=PF_LESS_THROTTLE),
            NAP,
        ),
        # 6.x: cgroup v1 waits for the flusher it has woken; kernel threads never
        ("linux-6.1", {"nr_unqueued_dirty": 32}, reclaim(m=True), WRITEBACK),
        ("linux-6.1", {"nr_unqueued_dirty": 31}, reclaim(m=True), NO),
        ("linux-6.1", {"nr_unqueued_dirty": 32}, reclaim(m=True, v2=True), NO),
        ("linux-6.1", {"nr_unqueued_dirty": 32}, reclaim(), NO),
        ("linux-6.1", {"nr_unqueued_dirty": 32}, reclaim(m=True, flags=WORKER), NO),
        ("linux-6.18", {"nr_unqueued_dirty": 32}, reclaim(m=True, k=True), WRITEBACK),
    ],
)
def test_the_sleep_after_a_batch(
    kernel: str, counts: dict[str, Any], view: ReclaimView, answer: Throttle
) -> None:
    assert table_of(kernel).throttle_after_batch(brought(**counts), view) == answer


@pytest.mark.parametrize(
    ("kernel", "counts", "view", "answer"),
    [
        ("linux-3.10", {}, reclaim(priority=10), NO),
        ("linux-3.10", {}, reclaim(priority=9), IFF),
        ("linux-3.10", {"nr_scanned": 0}, reclaim(priority=9), NO),
        ("linux-3.11", {}, reclaim(priority=0), NO),
        ("linux-4.2", {}, reclaim(priority=0), NO),
        ("linux-6.1", {"nr_immediate": 1}, reclaim(k=True), WRITEBACK),
        ("linux-6.1", {"nr_immediate": 1}, reclaim(), NO),
        ("linux-6.1", {}, reclaim(zc=True), CONGESTED),
        ("linux-6.1", {}, reclaim(m=True, v2=True, zc=True), CONGESTED),
        ("linux-6.1", {}, reclaim(m=True, zc=True), NO),
        ("linux-6.1", {}, reclaim(k=True, zc=True), NO),
        ("linux-6.1", {}, reclaim(zc=True, flags=WORKER), NO),
        ("linux-6.1", {}, reclaim(zc=True, flags=PF_LESS_THROTTLE), NO),
        ("linux-6.1", {}, reclaim(priority=1), NOPROGRESS),
        ("linux-6.1", {"nr_reclaimed": 1}, reclaim(priority=1), NO),
        ("linux-6.1", {}, reclaim(m=True, priority=1), NO),
        ("linux-6.18", {}, reclaim(priority=1, flags=WORKER), NO),
    ],
)
def test_the_sleep_after_a_pass(
    kernel: str, counts: dict[str, Any], view: ReclaimView, answer: Throttle
) -> None:
    assert table_of(kernel).throttle_after_pass(brought("pass", **counts), view) == answer


# ---- who wakes the flusher: 3.2 ---------------------------------------------------------------

ASLEEP: Final = FlusherWakeup(wake=False)


@pytest.mark.parametrize(
    ("kernel", "progress", "view", "answer"),
    [
        ("linux-3.10", brought("pass", total_scanned=48), reclaim(m=True), ASLEEP),
        ("linux-3.10", brought("pass", total_scanned=49), reclaim(m=True), FlusherWakeup(True, 49)),
        ("linux-3.10", brought("batch", total_scanned=49), reclaim(m=True), ASLEEP),
        ("linux-3.10", brought("pass", total_scanned=49), reclaim(k=True), ASLEEP),
        ("linux-3.10", brought("pass", total_scanned=49, nr_reclaimed=32), reclaim(), ASLEEP),
        ("linux-4.2", brought("pass", total_scanned=90), reclaim(m=True), FlusherWakeup(True, 90)),
        ("linux-6.1", brought("pass", total_scanned=900), reclaim(m=True), ASLEEP),
        ("linux-6.1", brought(nr_unqueued_dirty=32), reclaim(m=True), FlusherWakeup(True, 0)),
        ("linux-6.1", brought(nr_unqueued_dirty=31), reclaim(m=True), ASLEEP),
        ("linux-6.18", brought(nr_unqueued_dirty=32), reclaim(k=True), FlusherWakeup(True, 0)),
    ],
)
def test_who_wakes_the_flusher(
    kernel: str, progress: ProgressView, view: ReclaimView, answer: FlusherWakeup
) -> None:
    assert table_of(kernel).decide_flusher_wakeup(progress, view) == answer


# ---- the charge: 3.4 --------------------------------------------------------------------------


def failed(
    attempts: int, gfp: int = GFP_KERNEL, *, freed: int = 0, fault: bool = False, order: int = 0,
    flags: int = 0,
) -> ChargeFailureView:  # fmt: skip
    return ChargeFailureView(gfp, flags, 1 << order, order, attempts, freed, fault, "v1", 0)


@pytest.mark.parametrize(
    ("kernel", "failure", "answer"),
    [
        ("linux-3.10", failed(5), OomAction.RETRY),
        ("linux-3.10", failed(6), OomAction.KILL),
        ("linux-3.10", failed(6, GFP_NOFS), OomAction.KILL),
        ("linux-3.10", failed(6, freed=1), OomAction.RETRY),
        ("linux-3.10", failed(6, freed=1, order=3), OomAction.RETRY),
        ("linux-3.10", failed(6, freed=1, order=4), OomAction.KILL),
        ("linux-3.10", failed(1, GFP_ATOMIC), OomAction.ENOMEM),
        ("linux-3.11", failed(6), OomAction.KILL),
        ("linux-4.2", failed(5), OomAction.RETRY),
        ("linux-4.2", failed(6), OomAction.ENOMEM),
        ("linux-4.2", failed(6, fault=True), OomAction.KILL),
        ("linux-4.2", failed(6, GFP_KERNEL | GFP_NOFAIL), OomAction.FORCE),
        ("linux-4.2", failed(1, GFP_KERNEL | GFP_NORETRY), OomAction.ENOMEM),
        ("linux-6.1", failed(17), OomAction.RETRY),
        ("linux-6.1", failed(18), OomAction.KILL),
        ("linux-6.1", failed(18, GFP_NOFS), OomAction.KILL),
        ("linux-6.1", failed(18, order=3), OomAction.KILL),
        ("linux-6.1", failed(18, order=4), OomAction.ENOMEM),
        ("linux-6.1", failed(18, freed=1), OomAction.RETRY),
        ("linux-6.1", failed(18, GFP_KERNEL | GFP_NOFAIL), OomAction.FORCE),
        ("linux-6.1", failed(1, flags=PF_MEMALLOC), OomAction.FORCE),
        ("linux-6.18", failed(18), OomAction.KILL),
    ],
)
def test_how_a_charge_ends(kernel: str, failure: ChargeFailureView, answer: OomAction) -> None:
    assert table_of(kernel).decide_oom(failure) is answer


# ---- masks and scopes: 6.2, 5.4, 5.7, 5.9 -----------------------------------------------------

NOIO, NOFS = PF_MEMALLOC_NOIO, PF_MEMALLOC_NOFS


def mask(kernel: str, stage: Stage, gfp: int, flags: int = 0, **changes: Any) -> int:
    view = AllocationView(stage, gfp, flags, "kmem_alloc", "", False, False, "xfs")
    return table_of(kernel).derive_gfp(view._replace(**changes))


@pytest.mark.parametrize(
    ("kernel", "stage", "flags", "cleared"),
    [
        ("linux-3.5", Stage.PAGE_ALLOCATOR, NOIO, 0),
        ("linux-3.10", Stage.PAGE_ALLOCATOR, NOIO, GFP_IO),
        ("linux-3.11", Stage.PAGE_ALLOCATOR, NOIO, GFP_IO),
        ("linux-4.2", Stage.PAGE_ALLOCATOR, NOIO, GFP_IO | GFP_FS),
        ("linux-3.10", Stage.MEMCG_RECLAIM, NOIO, 0),
        ("linux-4.2", Stage.MEMCG_RECLAIM, NOIO, 0),
        ("linux-6.1", Stage.MEMCG_RECLAIM, NOIO, GFP_IO | GFP_FS),
        ("linux-6.1", Stage.PAGE_ALLOCATOR, NOFS, GFP_FS),
        ("linux-6.1", Stage.MEMCG_RECLAIM, NOFS, GFP_FS),
        ("linux-6.1", Stage.CALLER, NOFS, 0),
        ("linux-4.2", Stage.PAGE_ALLOCATOR, NOFS, 0),
        ("linux-3.10", Stage.PAGE_ALLOCATOR, PF_FSTRANS, 0),
        ("linux-3.10", Stage.CALLER, PF_FSTRANS, GFP_FS),
        ("linux-6.1", Stage.CALLER, PF_FSTRANS, 0),
    ],
)
def test_what_a_task_flag_takes_from_a_mask(
    kernel: str, stage: Stage, flags: int, cleared: int
) -> None:
    assert mask(kernel, stage, GFP_KERNEL, flags) == GFP_KERNEL & ~cleared


@pytest.mark.parametrize("kernel", KERNELS)
def test_what_the_caller_takes_from_a_mask(kernel: str) -> None:
    assert mask(kernel, Stage.CALLER, GFP_KERNEL) == GFP_KERNEL
    assert mask(kernel, Stage.CALLER, GFP_KERNEL, km_nofs=True) == GFP_NOFS
    assert mask(kernel, Stage.CALLER, GFP_KERNEL, aop_nofs=True, filesystem="gfs2") == GFP_NOFS


@pytest.mark.parametrize("kernel", ["linux-3.5", "linux-3.10", "linux-3.11", "linux-4.2"])
def test_the_callers_flags_do_not_reach_a_nested_allocation(kernel: str) -> None:
    nested = {"site": "__vmalloc", "km_nofs": True}
    assert mask(kernel, Stage.CALLER, GFP_KERNEL, PF_FSTRANS, **nested) == GFP_KERNEL


@pytest.mark.parametrize(
    ("kernel", "nofs"),
    [
        ("linux-3.5", {"xfs", "gfs2", "ext4"}),  # ext4 stopped in 3.9; ext3 never did
        ("linux-3.10", {"xfs", "gfs2"}),
        ("linux-4.2", {"xfs", "gfs2"}),
        ("linux-6.18", {"xfs", "gfs2"}),
    ],
)
def test_whose_page_cache_is_allocated_nofs(kernel: str, nofs: set[str]) -> None:
    table = table_of(kernel)
    scopes = {fs: ScopeView(Scope.WRITE_BEGIN, fs, 0) for fs in ("xfs", "ext4", "ext3", "gfs2")}
    assert {fs for fs, scope in scopes.items() if table.enter_scope(scope).aop_nofs} == nofs


@pytest.mark.parametrize(
    ("kernel", "scope", "filesystem", "flags"),
    [
        ("linux-3.10", Scope.TRANSACTION, "xfs", PF_FSTRANS),
        ("linux-3.10", Scope.COMPLETION_WORK, "xfs", PF_FSTRANS),
        ("linux-3.10", Scope.SUBMISSION, "xfs", 0),
        ("linux-3.10", Scope.TRANSACTION, "ext4", 0),
        ("linux-3.10", Scope.LOOP_THREAD, "", 0),
        ("linux-4.2", Scope.TRANSACTION, "xfs", PF_FSTRANS),
        ("linux-6.1", Scope.TRANSACTION, "xfs", NOFS),
        ("linux-6.1", Scope.TRANSACTION, "ext4", NOFS),
        ("linux-6.1", Scope.COMPLETION_WORK, "xfs", NOFS),
        ("linux-6.1", Scope.COMPLETION_WORK, "ext4", 0),
        ("linux-6.1", Scope.SUBMISSION, "xfs", NOFS),
        ("linux-6.1", Scope.SUBMISSION, "ext4", 0),
        ("linux-6.18", Scope.LOOP_THREAD, "", NOIO | PF_LESS_THROTTLE),
    ],
)
def test_the_flags_of_a_scope(kernel: str, scope: Scope, filesystem: str, flags: int) -> None:
    change = table_of(kernel).enter_scope(ScopeView(scope, filesystem, 0))
    assert (change.set_flags, change.clear_flags) == (flags, 0)


# ---- what filesystems and kernels are: 3.1, 5, 7.8 --------------------------------------------


@pytest.mark.parametrize(
    ("kernel", "xfs", "ext4"),
    [
        ("linux-3.5", "append", "irq"),
        ("linux-3.10", "append", "irq"),
        ("linux-3.11", "append", "irq"),
        ("linux-4.2", "append", "irq"),
        ("linux-6.1", "worker", "worker"),
        ("linux-6.18", "worker", "worker"),
    ],
)
def test_where_writeback_of_new_data_ends(kernel: str, xfs: str, ext4: str) -> None:
    table = table_of(kernel)
    names = ("xfs", "ext4", "ext3", "gfs2", "tmpfs")
    ends = [table.describe_filesystem(FilesystemView(name)).completion for name in names]
    assert ends == [xfs, ext4, "irq", "irq", "irq"]


@pytest.mark.parametrize(
    ("kernel", "allocates", "maps"),
    [
        ("linux-3.10", True, False),
        ("linux-3.11", True, True),
        ("linux-4.2", True, True),
        ("linux-6.1", False, False),
    ],
)
def test_what_happens_between_marking_and_submission(
    kernel: str, allocates: bool, maps: bool
) -> None:
    xfs, ext4 = (table_of(kernel).describe_filesystem(FilesystemView(x)) for x in ("xfs", "ext4"))
    assert (xfs.submission_allocates_transaction, xfs.maps_while_unsubmitted) == (allocates, False)
    assert (ext4.submission_allocates_transaction, ext4.maps_while_unsubmitted) == (False, maps)


@pytest.mark.parametrize(
    ("kernel", "cgroup", "filesystem", "held"),
    [
        ("linux-3.11", "v2", "ext4", False),
        ("linux-4.2", "v1", "ext4", False),
        ("linux-4.2", "v2", "ext4", True),
        ("linux-4.2", "v2", "xfs", False),
        ("linux-6.1", "v1", "xfs", False),
        ("linux-6.1", "v2", "xfs", True),
        ("linux-6.18", "v2", "gfs2", False),
    ],
)
def test_where_a_writer_is_held_in_the_domain_of_its_memcg(
    kernel: str, cgroup: str, filesystem: str, held: bool
) -> None:
    table = table_of(kernel)
    inside = table.throttle_dirty(DirtierView(0, filesystem, in_memcg=True, cgroup=cgroup))
    outside = table.throttle_dirty(DirtierView(0, filesystem, in_memcg=False, cgroup=cgroup))
    assert (inside.in_global_domain, inside.in_memcg_domain) == (True, held)
    assert (outside.in_global_domain, outside.in_memcg_domain) == (True, False)


def test_the_facts_of_each_version() -> None:
    told = {name: table_of(name).describe_kernel("v1") for name in KERNELS}
    assert [each.charge_retries for each in told.values()] == [5, 5, 5, 5, 17, 17]
    assert [each.memcg_reclaim_loops for each in told.values()] == [100, 100, 100, 1, 1, 1]
    since = {
        "zone_writeback_flag": "linux-3.11",
        "memcg_shrinkers": "linux-4.2",
        "global_dirty_limit_per_wb": "linux-4.2",
        "charges_kernel_memory": "linux-6.1",
        "page_alloc_gives_up": "linux-6.1",
        "file_inactive_ratio": "linux-6.1",
        "rotates_active": "linux-6.1",
        "estimates_by_inode": "linux-6.1",
        "deferred_memory_init": "linux-6.1",
        "large_folios": "linux-6.18",
    }
    for fact, first in since.items():
        place = KERNELS.index(first)
        expected = [False] * place + [True] * (len(KERNELS) - place)
        assert [getattr(each, fact) for each in told.values()] == expected, fact
    assert [each.legacy_block_queue for each in told.values()] == [True] * 4 + [False] * 2
    assert not any(each.nofs_oom_kills for each in told.values())


@pytest.mark.parametrize("kernel", KERNELS)
def test_soft_limit_reclaim_exists_on_cgroup_v1_only(kernel: str) -> None:
    table = table_of(kernel)
    assert table.describe_kernel("v1").soft_limit_reclaim
    assert not table.describe_kernel("v2").soft_limit_reclaim
