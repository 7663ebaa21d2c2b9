"""Reclaim: batches of 32, the second encounter, soft limits, how much is scanned, swap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reclaimlab.kernel import (
    isolation,
    kswapd,
    memcontrol,
    page_alloc,
    quiet_pages,
    scan_count,
    shrink_list,
    vmscan,
)
from reclaimlab.kernel.scan_control import ScanControl, ShrinkStat
from reclaimlab.policy import Throttle, ThrottleKind
from reclaimlab.policy.gfp import GFP_KERNEL, GFP_NOFS, GFP_NOIO
from reclaimlab.testing import (
    Call,
    Recorder,
    SmallMachine,
    run_small,
    small_machine,
    small_scenario,
    throwaway_policy,
)
from reclaimlab.units import MSEC, SEC

if TYPE_CHECKING:
    from reclaimlab.engine.task import Steps
    from reclaimlab.kernel.folio import Extent

NO_WRITEBACK = {"write_bw": "1kB/s"}
"""A device so slow that no page becomes clean during a test."""


def one_round(machine: SmallMachine, gfp: int = GFP_KERNEL) -> Call:
    """Start one full round of memcg reclaim, as soft-limit reclaim does it."""
    steps = vmscan.mem_cgroup_shrink_node_zone(machine.k, machine.box, gfp)
    call = machine.call(steps, name="reclaimer")
    machine.run(10 * MSEC)
    return call


def under_scan_control(machine: SmallMachine, steps: object) -> Call:
    """Run ``steps(sc)`` in a task, with a scan_control for ``box``."""

    def run() -> Steps:
        sc = ScanControl(machine.k, GFP_KERNEL, target=machine.box)
        result = yield from steps(sc)  # type: ignore[operator]  # an object in parametrize
        return result

    call = machine.call(run(), name="reclaimer")
    machine.run(10 * MSEC)
    return call


def indexes(machine: SmallMachine) -> list[int]:
    """Return the page indexes of the inactive file list, from the tail to the head."""
    return [
        index
        for extent in machine.box.lruvec.inactive_file
        for index in range(extent.index, extent.index + extent.nr)
    ]


# ---- batches ------------------------------------------------------------------------------------


def test_reclaim_takes_32_pages_from_the_tail_and_puts_the_kept_ones_to_the_head() -> None:
    machine = small_machine(device=NO_WRITEBACK)
    machine.populate(80, state="dirty")
    lruvec = machine.box.lruvec

    def batch(sc: ScanControl) -> Steps:
        yield from shrink_list.shrink_inactive_list(machine.k, 32, lruvec, lruvec.inactive_file, sc)

    under_scan_control(machine, batch)
    assert indexes(machine) == [*range(32, 80), *range(32)]


def test_a_policy_that_sleeps_after_batches_is_asked_after_every_32_pages() -> None:
    recorder = Recorder()
    nap = Throttle(ThrottleKind.CONGESTION_WAIT, MSEC // 10)
    sleeper = throwaway_policy(throttle_after_batch=nap)
    machine = small_machine("linux-3.5", policies=[sleeper, recorder], device=NO_WRITEBACK)
    for _ in range(10):
        machine.populate(24, state="dirty")
        machine.populate(24, state="writeback")
    assert one_round(machine).ended
    taken = [call["progress"].nr_taken for call in recorder.of("throttle_after_batch")]
    assert taken == [32] * 15
    assert machine.k.vmstat.throttles == 15


def test_clean_pages_of_a_batch_are_freed_and_the_rest_stay() -> None:
    machine = small_machine(device=NO_WRITEBACK)
    machine.populate(16)
    kept = machine.populate(16, state="dirty")
    free, usage = machine.k.zone.free, machine.box.usage
    assert one_round(machine).value == (16, 32)
    assert list(machine.box.lruvec.inactive_file) == [kept]
    assert (machine.k.zone.free, machine.box.usage) == (free + 16, usage - 16)


def test_a_locked_page_is_kept_untouched() -> None:
    machine = small_machine()
    extent = machine.populate(16)
    extent.locked = machine.loop.tasks[0]
    assert one_round(machine).value[0] == 0
    assert extent.nr == 16


def test_a_full_round_stops_at_32_freed_pages_only_below_priority_12() -> None:
    machine = small_machine()
    machine.populate(2000)
    lruvec = machine.box.lruvec
    freed = {}
    for priority in (12, 0):

        def run(priority: int = priority) -> Steps:
            sc = ScanControl(machine.k, GFP_KERNEL, target=machine.box, priority=priority)
            yield from vmscan.shrink_lruvec(machine.k, lruvec, sc, machine.box)
            return sc.nr_reclaimed

        call = machine.call(run())
        machine.run(10 * MSEC)
        freed[priority] = call.value
    assert freed == {12: 32, 0: 32}


def test_looking_at_alike_batches_in_one_step_changes_no_outcome(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tasks = {"dd": {"program": "writer"}}
    for filesystem, contender in (
        ("ext4", "linux-3.5"),
        ("ext4", "linux-3.10"),
        ("xfs", "linux-3.10+may-enter-fs"),
    ):
        tables = small_scenario(filesystem=filesystem, limit="10MiB", tasks=tasks)
        in_bulk = run_small(tables, contender)
        with monkeypatch.context() as patch:
            patch.setattr(quiet_pages, "MAX_BULK", 32)
            singly = run_small(tables, contender)
        assert in_bulk.verdict == singly.verdict
        assert in_bulk.metrics["pages_scanned"] == pytest.approx(
            singly.metrics["pages_scanned"], rel=0.05
        )
        assert in_bulk.metrics["writer_throughput"] == pytest.approx(
            singly.metrics["writer_throughput"], rel=0.05
        )


# ---- the second encounter -----------------------------------------------------------------------


def two_rounds(contender: str, gfp: int) -> tuple[SmallMachine, Extent, Call]:
    """Meet pages in flight twice; return the machine, the pages and the second round."""
    machine = small_machine(contender, device=NO_WRITEBACK)
    extent = machine.populate(32, state="writeback")
    assert one_round(machine, gfp).ended, "the first encounter waits"
    return machine, extent, one_round(machine, gfp)


def rounds_until_a_wait(contender: str, gfp: int) -> int | None:
    machine = small_machine(contender, device=NO_WRITEBACK)
    machine.populate(32, state="writeback")
    for number in range(1, 6):
        call = one_round(machine, gfp)
        if not call.ended:
            assert call.stack[0] == "wait_on_page_bit"
            return number
    return None


@pytest.mark.parametrize("gfp", [GFP_KERNEL, GFP_NOFS])
def test_linux_3_10_marks_a_page_in_flight_first_and_waits_for_it_the_second_time(gfp: int) -> None:
    machine, extent, second = two_rounds("linux-3.10", gfp)
    assert extent.reclaim
    assert (second.task.state, second.stack[:2]) == ("D", ("wait_on_page_bit", "shrink_page_list"))
    assert extent.unit is not None
    machine.end_writeback(extent.unit)
    machine.run(MSEC)
    assert second.value[0] == 32, "the waiter frees the page itself"


def test_while_it_waits_the_page_is_locked_and_the_rest_of_the_batch_isolated() -> None:
    machine = small_machine("linux-3.10", device=NO_WRITEBACK)
    extent = machine.populate(16, state="writeback", reclaim=True)
    rest = machine.populate(16, state="dirty")
    waiter = one_round(machine)
    assert extent.locked is waiter.task
    assert (extent.lru, rest.lru) == (None, None)
    assert machine.k.zone.isolated == [0, 32]


def test_linux_3_10_does_not_wait_without_gfp_io() -> None:
    _, extent, second = two_rounds("linux-3.10", GFP_NOIO)
    assert second.ended
    assert extent.reclaim


@pytest.mark.parametrize("gfp", [GFP_KERNEL, GFP_NOFS])
def test_linux_3_5_neither_marks_nor_waits(gfp: int) -> None:
    machine, extent, second = two_rounds("linux-3.5", gfp)
    assert second.ended
    assert not extent.reclaim
    assert machine.k.vmstat.writeback_waits == 0


@pytest.mark.parametrize("contender", ["linux-3.10+may-enter-fs", "linux-4.2", "linux-6.18"])
def test_may_enter_fs_waits_with_gfp_fs_and_never_without(contender: str) -> None:
    assert rounds_until_a_wait(contender, GFP_NOFS) is None
    # From v4.11 a page met is activated, so it takes a round more to come by again.
    assert rounds_until_a_wait(contender, GFP_KERNEL) in (2, 3)


def test_global_reclaim_never_waits_for_a_page() -> None:
    machine = small_machine("linux-3.10", device=NO_WRITEBACK)
    machine.populate(32, state="writeback", reclaim=True)

    def run() -> Steps:
        sc = ScanControl(machine.k, GFP_KERNEL, target=None, priority=0)
        yield from vmscan.shrink_zone(machine.k, sc)

    call = machine.call(run())
    machine.run(10 * MSEC)
    assert call.ended


# ---- how much -----------------------------------------------------------------------------------


def scans(machine: SmallMachine, priority: int, *, of_memcg: bool = True) -> list[int]:
    def run() -> Steps:
        target = machine.box if of_memcg else None
        sc = ScanControl(machine.k, GFP_KERNEL, target=target, priority=priority)
        yield 0
        return scan_count.get_scan_count(machine.k, machine.box.lruvec, sc, machine.box)

    call = machine.call(run())
    machine.run(MSEC)
    counts: list[int] = call.value
    return counts


def test_5120_inactive_pages_are_scanned_by_1_2_5_10_up_to_5120() -> None:
    machine = small_machine(limit="0")
    machine.populate(5120)
    amounts = [scans(machine, priority)[2] for priority in range(12, -1, -1)]
    assert amounts == [1, 2, 5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120]


@pytest.mark.parametrize(("size", "least"), [(4095, 32), (100, 32), (10, 10), (0, 0)])
def test_memcg_reclaim_of_a_list_too_short_for_its_share_scans_32_or_all_of_it(
    size: int, least: int
) -> None:
    machine = small_machine()
    if size:
        machine.populate(size)
    assert scans(machine, 12)[2] == least
    assert scans(machine, 12, of_memcg=False)[2] == 0


def test_without_swap_no_anonymous_page_is_scanned() -> None:
    machine = small_machine(limit="0")
    machine.populate(100)
    process = machine.call(fault(machine, 2000))
    machine.run(100 * MSEC)
    assert process.ended
    assert machine.box.lruvec.nr_anon == 2000
    assert scans(machine, 0)[:2] == [0, 0]


def fault(machine: SmallMachine, nr: int) -> Steps:
    from reclaimlab.kernel import swap

    while nr > 0:
        yield from swap.handle_mm_fault(machine.k, machine.k.process, min(nr, 64))
        nr -= 64


def test_a_charge_scans_the_list_about_24_times_before_the_oom_killer() -> None:
    # Section 3.4: 6 fruitless attempts x 2 calls x 2 list lengths.
    machine = small_machine("linux-3.5", device=NO_WRITEBACK)
    machine.populate(5120, state="dirty")
    charge = machine.call(memcontrol.mem_cgroup_charge(machine.k, machine.box, GFP_KERNEL, 1))
    machine.run(SEC)
    assert charge.ended
    assert machine.k.vmstat.oom_kill == 1
    assert 23 <= machine.k.vmstat.pgscan / 5120 <= 25
    assert machine.k.vmstat.memcg_reclaims == 12


def test_24_scans_of_a_20_mib_memcg_take_a_tenth_of_a_second() -> None:
    machine = small_machine("linux-3.5", device=NO_WRITEBACK)
    machine.populate(5120, state="dirty")
    charge = machine.call(memcontrol.mem_cgroup_charge(machine.k, machine.box, GFP_KERNEL, 1))
    machine.run(SEC)
    # Section 11: ~0.1 to 0.25 s; costs.py is calibrated on a faster machine, so from 0.02 s.
    assert 20 * MSEC <= charge.ended_ns <= 250 * MSEC


def test_a_fruitless_try_of_memcg_reclaim_starts_writeback() -> None:
    # Nothing else does for a small memcg: it never reaches the global background threshold.
    machine = small_machine("linux-3.5", device=NO_WRITEBACK)
    machine.populate(4096, state="dirty")
    machine.run(SEC)
    assert machine.k.nr_writeback == 0
    machine.call(vmscan.try_to_free_mem_cgroup_pages(machine.k, machine.box, GFP_KERNEL, 1))
    machine.run(100 * MSEC)
    assert machine.k.nr_writeback > 0


# ---- soft limits --------------------------------------------------------------------------------


def pressed(contender: str = "linux-3.10", **limits: Any) -> tuple[SmallMachine, Extent, Call]:
    """Let a kernel thread allocate with GFP_NOFS: no page is free, and ``box`` all in flight."""
    machine = small_machine(contender, device=NO_WRITEBACK, **limits)
    extent = machine.populate(4096, state="writeback")
    machine.exhaust_memory()
    steps = page_alloc.alloc_pages(machine.k, GFP_NOFS, 1)
    call = machine.call(steps, name="kworker", kthread=True)
    machine.run(20 * MSEC)
    return machine, extent, call


def test_a_nofs_allocation_in_the_root_cgroup_waits_for_a_page_of_a_memcg_over_its_soft_limit() -> (
    None
):
    machine, extent, call = pressed(limit="0", soft_limit="8MiB")
    assert call.task.state == "D"
    assert call.stack == (
        "wait_on_page_bit", "shrink_page_list", "shrink_inactive_list", "shrink_lruvec",
        "mem_cgroup_shrink_node_zone", "mem_cgroup_soft_reclaim", "mem_cgroup_soft_limit_reclaim",
        "shrink_zones", "do_try_to_free_pages", "try_to_free_pages", "__alloc_pages_slowpath",
        "__alloc_pages_nodemask", "alloc_pages",
    )  # fmt: skip
    assert machine.k.vmstat.allocstall == 1, "in its first direct reclaim"
    assert extent.memcg is machine.box


def test_soft_limit_reclaim_waits_in_its_second_round_after_marking_all_pages_in_the_first() -> (
    None
):
    machine, _, _ = pressed(limit="0", soft_limit="8MiB")
    marked = [extent.reclaim for extent in machine.box.lruvec.inactive_file]
    assert all(marked)
    # One whole list in the first round, one batch in the second.
    assert 4096 <= machine.box.pgscan <= 4096 + 1024


@pytest.mark.parametrize(
    "limits", [{"limit": "20MiB"}, {"limit": "0"}, {"limit": "20MiB", "soft_limit": "17MiB"}]
)
def test_without_a_memcg_over_its_soft_limit_the_same_allocation_waits_for_no_page(
    limits: dict[str, str],
) -> None:
    machine, _, call = pressed(**limits)
    assert machine.k.vmstat.writeback_waits == 0
    assert not call.ended
    assert "wait_on_page_bit" not in call.stack


@pytest.mark.parametrize("contender", ["linux-3.5", "linux-3.10+may-enter-fs", "linux-4.2"])
def test_kernels_that_respect_nofs_do_not_wait_in_soft_limit_reclaim(contender: str) -> None:
    machine, _, call = pressed(contender, limit="0", soft_limit="8MiB")
    assert machine.k.vmstat.soft_limit_reclaims > 0
    assert not call.ended
    assert call.task.uninterruptible_ns == 0
    assert call.task.state != "D"


def test_soft_limit_reclaim_starts_with_the_memcg_most_above_its_limit() -> None:
    machine = small_machine(
        limit="0", soft_limit="1MiB", memcgs={"big": {"soft_limit": "2MiB"}, "none": {}}
    )
    machine.populate(500)
    machine.populate(2000, memcg="big")
    machine.populate(3000, memcg="none")
    chosen = memcontrol.mem_cgroup_largest_soft_limit_node(machine.k)
    assert chosen is machine.assembly.memcgs["big"]


def test_kswapd_waits_in_soft_limit_reclaim_as_everybody_else() -> None:
    # Section 2.3: kswapd has a target memcg there and a GFP_KERNEL mask.
    machine = small_machine("linux-3.10", device=NO_WRITEBACK, limit="0", soft_limit="8MiB")
    machine.populate(4096, state="writeback")
    machine.exhaust_memory()
    kswapd.wakeup_kswapd(machine.k)
    machine.run(20 * MSEC)
    thread = next(task for task in machine.loop.tasks if task.name == "kswapd0")
    assert thread.state == "D"
    assert thread.stack()[0] == "wait_on_page_bit"
    assert thread.stack()[-2:] == ("balance_pgdat", "kswapd")


# ---- swap ---------------------------------------------------------------------------------------


def test_anonymous_pages_go_to_swap_and_are_free_when_it_is_written() -> None:
    swap = {"swap_device": "sda", "swap_size": "64MiB"}
    machine = small_machine("linux-3.10", limit="4MiB", machine=swap)
    call = machine.call(fault(machine, 4096))
    machine.run(5 * SEC)
    assert call.ended
    assert machine.k.vmstat.pswpout >= 4096 - 1024
    assert machine.box.usage <= 1024
    process = next(p for p in machine.k.processes if p.name == "task")
    assert process.rss_pages + process.swapped_pages == 4096
    in_swap_cache = sum(extent.nr for extent in machine.extents() if extent.swapcache)
    assert process.swapped_pages + in_swap_cache == machine.k.swap.used
    machine.check()


def test_a_process_that_ends_gives_all_its_memory_and_swap_back() -> None:
    from reclaimlab.kernel import swap

    tables = {"swap_device": "sda", "swap_size": "64MiB"}
    machine = small_machine("linux-3.10", limit="4MiB", machine=tables)
    free = machine.k.zone.free

    def live() -> Steps:
        yield from fault(machine, 4096)
        swap.exit_mmap(machine.k, machine.k.process)

    call = machine.call(live())
    machine.run(60 * SEC)
    assert call.ended
    # What was in flight at the end stays in the swap cache until a reclaimer comes by.
    while one_round(machine).value[0]:
        pass
    assert machine.box.usage == 0
    assert machine.k.zone.free == free
    assert machine.k.swap.used == 0


def test_a_view_of_one_batch_counts_what_it_met() -> None:
    machine = small_machine(device=NO_WRITEBACK)
    machine.populate(8)
    machine.populate(8, state="dirty")
    machine.populate(8, state="writeback")
    stat = ShrinkStat()

    def scan(sc: ScanControl) -> Steps:
        batch = isolation.isolate_lru_pages(machine.box.lruvec.inactive_file, 32)
        yield 0
        return shrink_list.scan_page_list(machine.k, batch, 0, sc, stat)

    assert under_scan_control(machine, scan).value == -1
    assert (stat.nr_reclaimed, stat.nr_dirty, stat.nr_unqueued_dirty, stat.nr_writeback) == (
        8,
        16,
        8,
        8,
    )
