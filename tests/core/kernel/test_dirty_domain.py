"""Dirty throttling: thresholds, pos_ratio, the flusher's chunk and the estimates."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reclaimlab.kernel import balance_dirty_pages, fs_writeback
from reclaimlab.kernel.bdi_writeback import WbWork
from reclaimlab.kernel.dirty_domain import DirtyDomain, DirtyState, pos_ratio_polynom
from reclaimlab.scenarios.reader import load_scenario
from reclaimlab.testing import SmallMachine, hooks_of, small_machine
from reclaimlab.units import MIB, MSEC, PAGE_SIZE, SEC

ONE = 1 << 10
"""1.0 in the kernel's fixed point."""


def mib(pages: int) -> float:
    return pages * PAGE_SIZE / MIB


def global_state(machine: SmallMachine) -> DirtyState:
    state: DirtyState = machine.k.global_domain.state(machine.k)
    return state


# ---- pos_ratio ----------------------------------------------------------------------------------

THRESHOLDS = st.integers(200, 1 << 22).flatmap(
    lambda thresh: st.tuples(st.just(thresh), st.integers(thresh // 10, thresh // 2))
)


@given(THRESHOLDS)
def test_pos_ratio_is_2_at_freerun_1_at_the_setpoint_and_0_at_the_limit(
    sizes: tuple[int, int],
) -> None:
    thresh, background = sizes
    state = DirtyState(0, thresh, background, thresh)
    at = {
        where: pos_ratio_polynom(state.setpoint, where, state.limit) / ONE
        for where in (state.freerun, state.setpoint, state.limit)
    }
    # One page of rounding is much of a small span, and the cube triples it.
    loose = 3 / max(1, state.limit - state.setpoint) + 0.01
    assert at[state.freerun] == pytest.approx(2, abs=4 * loose)
    assert at[state.setpoint] == 1
    assert at[state.limit] == pytest.approx(0, abs=4 * loose)


@given(THRESHOLDS, st.integers(0, 100), st.integers(0, 100))
def test_pos_ratio_never_rises_with_the_number_of_dirty_pages(
    sizes: tuple[int, int], low: int, high: int
) -> None:
    thresh, background = sizes
    state = DirtyState(0, thresh, background, thresh)
    span = state.limit - state.freerun
    fewer, more = (state.freerun + span * share // 100 for share in sorted((low, high)))
    ratios = [pos_ratio_polynom(state.setpoint, dirty, state.limit) for dirty in (fewer, more)]
    assert ratios[0] >= ratios[1]


# ---- thresholds ---------------------------------------------------------------------------------


def test_a_machine_of_1_gib_has_thresholds_of_90_135_and_180_mb() -> None:
    state = global_state(small_machine(machine={"memory": "1GiB", "kernel_memory": "120MiB"}))
    assert mib(state.bg_thresh) == pytest.approx(90, rel=0.03)
    assert mib(state.freerun) == pytest.approx(135, rel=0.03)
    assert mib(state.thresh) == pytest.approx(180, rel=0.03)


def test_a_20_mib_memcg_full_of_page_cache_has_thresholds_of_2_3_and_4_mib() -> None:
    machine = small_machine("linux-4.2", limit="20MiB", machine={"memory": "4GiB", "cgroup": "v2"})
    machine.populate(5120)
    state = DirtyDomain(machine.box).state(machine.k)
    assert list(map(mib, (state.bg_thresh, state.freerun, state.setpoint, state.thresh))) == [
        pytest.approx(expected, rel=0.03) for expected in (2, 3, 3.5, 4)
    ]  # fmt: skip


def test_the_headroom_of_a_memcg_counts_as_dirtyable_too() -> None:
    machine = small_machine("linux-4.2", limit="20MiB", machine={"memory": "4GiB", "cgroup": "v2"})
    assert mib(DirtyDomain(machine.box).state(machine.k).thresh) == pytest.approx(4, rel=0.03)


def test_anonymous_memory_is_not_dirtyable() -> None:
    machine = small_machine("linux-4.2", limit="20MiB", machine={"memory": "4GiB", "cgroup": "v2"})
    machine.box.charge(2560)
    machine.k.zone.free -= 2560
    assert mib(DirtyDomain(machine.box).state(machine.k).thresh) == pytest.approx(2, rel=0.03)


def test_sizes_in_bytes_go_over_the_shares() -> None:
    machine = small_machine(
        machine={"dirty_bytes": "20MiB", "dirty_background_bytes": "10MiB", "memory": "1GiB"}
    )
    state = global_state(machine)
    assert (mib(state.thresh), mib(state.bg_thresh)) == (20, 10)


def test_a_background_threshold_above_the_limit_becomes_half_of_it() -> None:
    machine = small_machine(machine={"dirty_ratio": 10, "dirty_background_ratio": 50})
    state = global_state(machine)
    assert state.bg_thresh == state.thresh // 2


def test_the_limit_follows_the_threshold_up_at_once_and_down_slowly() -> None:
    domain = DirtyDomain()
    domain.update_limit(0, DirtyState(0, 1000, 500, 1000))
    assert domain.dirty_limit == 1000
    domain.update_limit(100 * MSEC, DirtyState(0, 200, 100, 1000))
    assert domain.dirty_limit == 1000, "not before 200 ms have passed"
    domain.update_limit(200 * MSEC, DirtyState(0, 200, 100, 1000))
    assert domain.dirty_limit == 1000 - 800 // 32


# ---- the flusher's chunk ------------------------------------------------------------------------


def chunk(machine: SmallMachine, nr_pages: int = 1 << 30) -> int:
    wb = machine.k.wbs[0]
    return fs_writeback.writeback_chunk_size(machine.k, wb, WbWork(nr_pages, 0))


def test_a_flusher_writes_52_mib_of_an_inode_at_the_initial_estimate() -> None:
    assert chunk(small_machine(machine={"memory": "8GiB"})) == 13312


@pytest.mark.parametrize(("bandwidth", "nr_pages"), [(1, 1 << 30), (25600, 1), (2047, 1 << 30)])
def test_a_chunk_is_at_least_4_mib(bandwidth: int, nr_pages: int) -> None:
    machine = small_machine(machine={"memory": "8GiB"})
    machine.k.wbs[0].avg_write_bandwidth = bandwidth
    assert chunk(machine, nr_pages) == 1024


@given(st.integers(1, 1 << 20), st.integers(1, 1 << 20))
def test_a_chunk_is_a_multiple_of_4_mib(bandwidth: int, nr_pages: int) -> None:
    MACHINE.k.wbs[0].avg_write_bandwidth = bandwidth
    assert chunk(MACHINE, nr_pages) % 1024 == 0


MACHINE = small_machine(machine={"memory": "8GiB"})


def test_a_chunk_is_at_most_an_eighth_of_the_dirty_limit_rounded() -> None:
    machine = small_machine(machine={"memory": "1GiB"})
    limit = global_state(machine).thresh
    assert limit // 8 < chunk(machine) <= limit // 8 + 1024


# ---- the whole ----------------------------------------------------------------------------------


def a_run_of_global_dirty(contender: str, **changes: object) -> SmallMachine:
    scenario = load_scenario("global-dirty").model_copy(update=changes)
    machine = SmallMachine(scenario, hooks_of(contender))
    machine.run(40 * SEC)
    return machine


@pytest.mark.parametrize("contender", ["linux-3.10", "linux-6.18"])
def test_the_estimate_of_the_bandwidth_converges_to_the_rate_of_the_device(contender: str) -> None:
    machine = a_run_of_global_dirty(contender)
    (wb,) = machine.k.wbs
    assert wb.avg_write_bandwidth * PAGE_SIZE == pytest.approx(20e6, rel=0.03)
    assert wb.dirty_ratelimit * PAGE_SIZE == pytest.approx(20e6, rel=0.15)


@pytest.mark.parametrize("contender", ["linux-3.10", "linux-6.18"])
def test_dirty_pages_settle_between_freerun_and_the_limit(contender: str) -> None:
    machine = a_run_of_global_dirty(contender)
    state = global_state(machine)
    assert state.freerun < state.dirty < state.limit


def test_a_writer_is_not_throttled_below_freerun() -> None:
    machine = small_machine("linux-3.10", limit="0", machine={"memory": "1GiB"})
    call = machine.write(machine.fs.new_file("small"), 20_000)  # 78 of 135 MiB
    machine.run(SEC)
    assert call.value == 20_000
    assert machine.k.processes[0].throttled_ns == 0


def test_background_writeback_begins_at_the_background_threshold_and_not_before() -> None:
    machine = small_machine("linux-3.10", limit="0", machine={"memory": "1GiB"})
    background = global_state(machine).bg_thresh
    machine.write(machine.fs.new_file("below"), background - 2000)
    machine.run(SEC)
    assert machine.k.nr_writeback == 0
    machine.write(machine.fs.new_file("above"), 6000)
    machine.run(SEC)
    assert machine.k.nr_writeback > 0


def test_dirty_data_is_written_after_30_seconds_at_the_latest_wakeup_of_the_flusher() -> None:
    machine = small_machine("linux-3.10")
    machine.k.wbs[0].count_completion(machine.k, 1000)  # it has a share of the background threshold
    machine.write(machine.fs.new_file("old"), 100)
    machine.run(29 * SEC)
    assert machine.k.nr_dirty == 100
    machine.run(7 * SEC)
    assert machine.k.nr_dirty == 0


@pytest.mark.parametrize(("contender", "throttled"), [("linux-4.2", True), ("linux-3.10", False)])
def test_a_writer_in_a_small_memcg_is_throttled_by_its_memcg_on_v2_only(
    contender: str, throttled: bool
) -> None:
    machine = small_machine(contender, limit="20MiB", machine={"memory": "4GiB", "cgroup": "v2"})
    machine.write(machine.fs.new_file("big"), 40_000)
    worst = 0
    for _ in range(300):
        machine.run(10 * MSEC)
        worst = max(worst, machine.box.nr_dirty + machine.box.nr_writeback)
    assert (worst <= 5120 // 4) == throttled
    assert (machine.k.processes[0].throttled_ns > 0) == throttled


def test_the_pause_of_a_dirtier_is_at_most_200_ms_and_killable() -> None:
    machine = small_machine("linux-3.10", limit="0", device={"write_bw": "1MB/s"})
    call = machine.write(machine.fs.new_file("big"), 1 << 20)
    longest = 0
    for _ in range(1000):
        machine.run(5 * MSEC)
        if call.task.state == "K":
            longest = max(longest, machine.loop.now - call.task.since_ns)
    assert 0 < longest <= 200 * MSEC
    assert call.task.uninterruptible_ns == 0


def test_balance_dirty_pages_polls_less_often_the_more_room_is_left() -> None:
    intervals = [
        balance_dirty_pages.dirty_poll_interval((1 << 16) - dirty)
        for dirty in (0, 1 << 15, (1 << 16) - 1, 1 << 16, 1 << 17)
    ]
    assert intervals == [256, 128, 1, 1, 1]
