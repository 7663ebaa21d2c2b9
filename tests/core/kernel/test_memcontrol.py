"""Charges at the limit: retries, -ENOMEM, the OOM killer and its victim; the page allocator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reclaimlab.engine.locks import Mutex
from reclaimlab.kernel import memcontrol, oom, page_alloc, swap
from reclaimlab.policy import OomAction
from reclaimlab.policy.gfp import GFP_ATOMIC, GFP_KERNEL, GFP_NOFS, PF_MEMALLOC
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

NO_WRITEBACK = {"write_bw": "1kB/s"}


def charge(machine: SmallMachine, gfp: int = GFP_KERNEL, nr: int = 1) -> Call:
    steps = memcontrol.mem_cgroup_charge(machine.k, machine.box, gfp, nr)
    return machine.call(steps, name="charger")


def full_of_dirty_pages(contender: str, **options: Any) -> SmallMachine:
    machine = small_machine(contender, limit="4MiB", device=NO_WRITEBACK, **options)
    machine.populate(1024, state="dirty")
    return machine


def grow(machine: SmallMachine, nr: int) -> Steps:
    """Fault in ``nr`` pages and stay until a signal comes."""
    yield from swap.do_anonymous_page(machine.k, machine.k.process, nr)
    while not machine.k.current.killed:
        yield MSEC
    swap.exit_mmap(machine.k, machine.k.process)


# ---- charges ------------------------------------------------------------------------------------


def test_a_charge_below_the_limit_reclaims_nothing() -> None:
    machine = small_machine(limit="4MiB")
    machine.populate(1023)
    assert charge(machine).ended is False
    machine.run(MSEC)
    assert (machine.box.usage, machine.box.failcnt, machine.k.vmstat.memcg_reclaims) == (1024, 0, 0)


def test_a_charge_at_the_limit_frees_clean_pages_of_that_memcg_only() -> None:
    machine = small_machine(limit="4MiB", memcgs={"other": {"limit": "4MiB"}})
    machine.populate(1024)
    machine.populate(1024, memcg="other")
    call = charge(machine)
    machine.run(MSEC)
    assert call.value is True
    assert machine.box.usage == 1024 - 32 + 1
    assert machine.assembly.memcgs["other"].usage == 1024


def test_usage_never_exceeds_the_limit_while_a_writer_runs() -> None:
    machine = small_machine("linux-3.10", limit="4MiB")
    machine.write(machine.fs.new_file("big"), 8000)
    for _ in range(100):
        machine.run(17 * MSEC)
        assert machine.box.usage <= 1024


def test_a_child_is_charged_to_its_parent_and_meets_its_limit() -> None:
    machine = small_machine(limit="4MiB", memcgs={"child": {"limit": "8MiB", "parent": "box"}})
    child = machine.assembly.memcgs["child"]
    assert child.try_charge(1000) is None
    assert (child.usage, machine.box.usage, child.margin()) == (1000, 1000, 24)
    assert child.try_charge(25) is machine.box
    assert (child.usage, machine.box.usage) == (1000, 1000)
    child.uncharge(1000)
    assert (child.usage, machine.box.usage) == (0, 0)


@pytest.mark.parametrize(
    ("contender", "retries"), [("linux-3.5", 5), ("linux-3.10", 5), ("linux-6.1", 16)]
)
def test_a_charge_fails_so_many_times_before_the_oom_killer_comes(
    contender: str, retries: int
) -> None:
    recorder = Recorder()
    machine = small_machine(contender, policies=[recorder], limit="4MiB")
    machine.call(grow(machine, 1024), name="victim")  # anonymous, without swap: nothing to wait for
    machine.run(10 * MSEC)
    call = charge(machine)
    machine.run(SEC)
    assert call.ended
    failures = [each["failure"] for each in recorder.of("decide_oom")]
    assert [each.attempts for each in failures[: retries + 1]] == list(range(1, retries + 2))
    assert failures[retries].kills == 0
    assert machine.k.vmstat.oom_kill == 1


@pytest.mark.parametrize(("contender", "calls"), [("linux-3.10", 2), ("linux-4.2", 1)])
def test_one_attempt_calls_reclaim_twice_until_3_11_and_once_later(
    contender: str, calls: int
) -> None:
    machine = full_of_dirty_pages(contender + ("" if calls == 1 else "(test=fs)"))
    steps = memcontrol.mem_cgroup_do_charge(machine.k, machine.box, GFP_NOFS, 1)
    call = machine.call(steps)
    machine.run(100 * MSEC)
    assert call.value == 0
    assert machine.k.vmstat.memcg_reclaims == calls


def test_linux_4_2_fails_a_write_with_enomem_and_kills_nobody() -> None:
    machine = small_machine("linux-4.2", filesystem="xfs", limit="4MiB", device=NO_WRITEBACK)
    call = machine.write(machine.fs.new_file("big"), 4000)
    machine.run(5 * SEC)
    assert call.ended
    assert 0 < call.value < 4000, "a short write, then the error"
    (event,) = machine.k.oom_events
    assert (event.victim, event.task, event.premature) == ("", call.task.label, True)
    assert machine.k.vmstat.oom_kill == 0


def test_linux_4_2_kills_in_a_page_fault() -> None:
    machine = small_machine("linux-4.2", limit="4MiB")
    hog = machine.call(grow(machine, 900), name="hog")
    machine.run(10 * MSEC)
    machine.call(grow(machine, 200), name="small")
    machine.run(SEC)
    assert hog.ended
    assert machine.k.vmstat.oom_kill == 1


def test_a_charge_that_may_not_sleep_fails_at_once() -> None:
    machine = full_of_dirty_pages("linux-3.10")
    call = charge(machine, GFP_ATOMIC)
    machine.run(MSEC)
    assert (call.value, machine.k.vmstat.memcg_reclaims) == (False, 0)


@pytest.mark.parametrize("flag", ["killed", "memalloc"])
def test_who_dies_or_frees_memory_is_let_over_the_limit(flag: str) -> None:
    machine = full_of_dirty_pages("linux-3.10")
    call = charge(machine, GFP_KERNEL)
    call.task.killed = flag == "killed"
    call.task.flags |= PF_MEMALLOC if flag == "memalloc" else 0
    machine.run(MSEC)
    assert call.value is True
    assert machine.box.usage == 1025
    assert machine.k.vmstat.memcg_reclaims == 0


@pytest.mark.parametrize(
    ("action", "value", "usage"), [(OomAction.ENOMEM, False, 1024), (OomAction.FORCE, True, 1025)]
)
def test_the_policy_decides_how_a_failed_charge_ends(
    action: OomAction, value: bool, usage: int
) -> None:
    machine = full_of_dirty_pages("linux-3.5", policies=[throwaway_policy(decide_oom=action)])
    call = charge(machine)
    machine.run(100 * MSEC)
    assert (call.value, machine.box.usage) == (value, usage)


# ---- the OOM killer -----------------------------------------------------------------------------


def test_the_victim_is_the_process_of_the_memcg_with_the_largest_rss() -> None:
    machine = small_machine(limit="4MiB", memcgs={"other": {}})
    small = machine.call(grow(machine, 100), name="small")
    large = machine.call(grow(machine, 300), name="large")
    outside = machine.call(grow(machine, 3000), name="outside", memcg="other")
    machine.run(100 * MSEC)
    assert oom.select_bad_process(machine.k, machine.box) is large.task.owner
    assert oom.select_bad_process(machine.k, None) is outside.task.owner
    small_process = small.task.owner
    assert small_process is not None
    small_process.oom_score_adj = 500  # half of the memcg's 1024 pages
    assert oom.select_bad_process(machine.k, machine.box) is small_process


def test_page_cache_does_not_count_against_its_writer() -> None:
    machine = small_machine(limit="16MiB")
    writer = machine.write(machine.fs.new_file("big"), 2000)
    other = machine.call(grow(machine, 10), name="other")
    machine.run(100 * MSEC)
    assert writer.ended
    assert oom.select_bad_process(machine.k, machine.box) is other.task.owner


def test_neither_a_kernel_thread_nor_a_process_that_has_ended_is_a_victim() -> None:
    machine = small_machine()
    machine.call(grow(machine, 10), name="done")
    machine.run(MSEC)
    (process,) = machine.k.processes
    assert oom.select_bad_process(machine.k, None) is process
    process.exited = True
    assert oom.select_bad_process(machine.k, None) is None
    process.exited, process.is_kthread = False, True
    assert oom.select_bad_process(machine.k, None) is None


def test_a_kill_is_premature_if_the_memcg_has_dirty_pages_or_pages_in_flight() -> None:
    for state in ("dirty", "writeback"):
        machine = small_machine("linux-3.5", limit="4MiB", device=NO_WRITEBACK)
        machine.populate(1024, state=state)
        call = charge(machine)
        machine.run(SEC)
        assert call.ended
        (event,) = machine.k.oom_events
        assert (event.premature, event.waiting, event.needed) == (True, 1024, 1)
        assert event.memory["box.usage"] == 1024
        assert event.stack[-1] == "mem_cgroup_charge"


def test_a_kill_among_anonymous_pages_without_swap_is_not_premature() -> None:
    machine = small_machine("linux-3.5", limit="4MiB")
    machine.populate(512, state="dirty", memcg="")  # dirty, but not this memcg's
    hog = machine.call(grow(machine, 1024), name="hog")
    machine.run(10 * MSEC)
    charge(machine)
    machine.run(SEC)
    assert hog.task.killed
    (event,) = machine.k.oom_events
    assert (event.premature, event.waiting) == (False, 0)
    assert event.victim == hog.task.label


def test_pages_whose_writeback_a_dead_task_should_submit_do_not_count_as_waiting() -> None:
    machine = small_machine(limit="0")
    alive = machine.populate(100, state="writeback")
    dead = machine.populate(10, state="writeback")
    first, second = Mutex(machine.loop, "first"), Mutex(machine.loop, "second")

    def crossed(one: Mutex, other: Mutex) -> Steps:
        yield from one.mutex_lock(machine.k.current)
        yield MSEC
        yield from other.mutex_lock(machine.k.current)

    stuck = machine.call(crossed(first, second))
    machine.call(crossed(second, first))
    assert dead.unit is not None
    dead.unit.submitted_ns, dead.unit.submitter = -1, stuck.task
    assert oom.reclaimable_by_waiting(machine.k, machine.box) == 110
    machine.run(10 * MSEC)
    assert oom.reclaimable_by_waiting(machine.k, machine.box) == 100
    assert alive.unit is not None


def test_the_victim_of_the_memcg_killer_dies_and_the_charge_goes_through() -> None:
    machine = small_machine("linux-3.5", limit="4MiB")

    victim = machine.call(grow(machine, 1000), name="hog")
    machine.run(10 * MSEC)
    call = charge(machine, nr=100)
    machine.run(SEC)
    assert victim.ended
    assert call.value is True
    assert (machine.box.oom_kills, machine.box.usage) == (1, 100)


# ---- the page allocator -------------------------------------------------------------------------


def no_memory(contender: str = "linux-3.10") -> SmallMachine:
    """Make a machine full of anonymous memory, without swap."""
    machine = small_machine(contender, limit="0", machine={"memory": "16MiB"})
    machine.call(grow(machine, 2048), name="hog")
    machine.run(100 * MSEC)
    machine.k.zone.free = 0
    return machine


@pytest.mark.parametrize("contender", ["linux-3.5", "linux-3.10", "linux-3.11"])
def test_a_nofs_allocation_neither_fails_nor_kills_on_3_x(contender: str) -> None:
    machine = no_memory(contender)
    call = machine.call(page_alloc.alloc_pages(machine.k, GFP_NOFS, 1), kthread=True)
    machine.run(10 * MSEC)
    assert not call.ended
    assert machine.k.vmstat.allocstall > 10, "it loops in direct reclaim"
    assert machine.k.vmstat.oom_kill == 0
    page_alloc.free_pages(machine.k, 2000)
    machine.run(10 * MSEC)
    assert call.value is True


@pytest.mark.parametrize("contender", ["linux-3.10", "linux-6.1"])
def test_a_gfp_kernel_allocation_without_progress_calls_the_oom_killer(contender: str) -> None:
    machine = no_memory(contender)
    machine.call(page_alloc.alloc_pages(machine.k, GFP_KERNEL, 1), kthread=True)
    machine.run(20 * MSEC)
    assert machine.k.vmstat.oom_kill == 1
    assert machine.k.oom_events[0].memcg == ""


def test_an_atomic_allocation_fails_rather_than_sleep() -> None:
    machine = no_memory()
    call = machine.call(page_alloc.alloc_pages(machine.k, GFP_ATOMIC, 1), kthread=True)
    machine.run(MSEC)
    assert call.value is False


def test_who_frees_memory_may_take_the_last_page() -> None:
    machine = no_memory()
    machine.k.zone.free = 1
    call = machine.call(
        page_alloc.alloc_pages(machine.k, GFP_KERNEL, 1), kthread=True, flags=PF_MEMALLOC
    )
    machine.run(MSEC)
    assert call.value is True
    assert (machine.k.zone.free, machine.k.vmstat.allocstall) == (0, 0)


def test_the_watermarks_of_a_machine_of_1_gib_are_4000_5000_and_6000_kb() -> None:
    zone = small_machine(machine={"memory": "1GiB"}).k.zone
    assert [zone.min_wmark * 4, zone.low_wmark * 4, zone.high_wmark * 4] == [
        pytest.approx(kb, rel=0.03) for kb in (4000, 5000, 6000)
    ]


def test_kswapd_wakes_below_the_low_watermark_and_works_until_above_the_high_one() -> None:
    machine = small_machine("linux-3.10", limit="0")
    machine.populate(20_000)
    zone = machine.k.zone
    zone.free = zone.low_wmark
    call = machine.call(page_alloc.alloc_pages(machine.k, GFP_KERNEL, 1))
    machine.run(100 * MSEC)
    assert call.ended
    assert machine.k.vmstat.allocstall == 0, "nobody had to reclaim directly"
    assert zone.free > zone.high_wmark


def test_a_machine_above_its_low_watermark_reclaims_nothing() -> None:
    machine = small_machine("linux-3.10", limit="0")
    machine.populate(20_000)
    zone = machine.k.zone
    zone.free = zone.low_wmark + 10
    call = machine.call(page_alloc.alloc_pages(machine.k, GFP_KERNEL, 10))
    machine.run(100 * MSEC)
    assert call.ended
    assert machine.k.vmstat.pgscan == 0


def test_a_stock_is_what_small_charges_leave_of_a_batch_of_64() -> None:
    machine = small_machine("linux-6.18", limit="4MiB")
    machine.box.charge(100)
    memcontrol.refill_stock(machine.box)
    assert (machine.box.stock, machine.box.usage) == (28, 128)
    memcontrol.refill_stock(machine.box)
    assert (machine.box.stock, machine.box.usage) == (28, 128)


def test_a_stock_is_given_back_when_a_charge_fails() -> None:
    machine = small_machine("linux-6.18", limit="4MiB", device=NO_WRITEBACK)
    machine.populate(990, state="writeback")
    memcontrol.refill_stock(machine.box)
    assert machine.box.margin() == 0
    charged = charge(machine, GFP_NOFS, nr=32)
    machine.run(100 * MSEC)
    assert charged.value is True
    assert (machine.box.stock, machine.box.usage) == (0, 990 + 32)
    assert machine.box.failcnt == 1
    assert not machine.k.oom_events


def test_a_program_has_page_cache_in_its_memcg_and_reclaim_takes_it() -> None:
    task = {"program": "writer", "program_cache": "768KiB", "total": "8MiB", "rss": "4KiB"}
    scenario = small_scenario(
        filesystem="xfs", limit="4MiB", kernel="linux-6.18", tasks={"writer": task}
    )
    result = run_small(scenario, "linux-6.18")
    assert result.metrics["pages_reclaimed"] >= 192
