"""The device: how long it takes, how much it holds, when it says so."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reclaimlab.block import BlockDevice
from reclaimlab.block.device import DEVICE_HOLDS, SBQ_WAKE_BATCH, SUBMIT_REQUEST_NS
from reclaimlab.engine.loop import Loop
from reclaimlab.engine.rng import Stream
from reclaimlab.engine.waitgraph import closed_set
from reclaimlab.units import MIB, MSEC, SEC

if TYPE_CHECKING:
    from reclaimlab.engine.task import Steps

FOREVER = 1 << 62
KIB = 1 << 10


class Bench:
    """A loop with one device, and the ends of what was submitted to it."""

    def __init__(self, **settings: int | bool) -> None:
        self.loop = Loop()
        given: dict[str, int | bool] = {"write_bw": 100 * MIB, "read_bw": 200 * MIB} | settings
        self.device = BlockDevice(self.loop, Stream(1, "disk"), "sda", **given)  # type: ignore[arg-type]  # one dict for int and bool
        self.done: list[int] = []

    def write(self, size: int, *, flush: bool = False) -> None:
        self.device.submit_now(size, self._note, write=True, flush=flush)

    def read(self, size: int) -> None:
        self.device.submit_now(size, self._note, write=False)

    def _note(self) -> None:
        self.done.append(self.loop.now)

    def writer(self, size: int, count: int) -> Steps:
        for _ in range(count):
            yield from self.device.submit_bio(size, self._note, write=True)


sizes = st.lists(st.integers(1, 4 * MIB), min_size=1, max_size=20)


@given(sizes, st.integers(0, 5 * MSEC), st.sampled_from([64 * KIB, 512 * KIB]))
def test_without_jitter_service_is_bytes_over_bandwidth_and_latency_for_each_request(
    bios: list[int], latency: int, max_request: int
) -> None:
    bench = Bench(latency_ns=latency, max_request=max_request)
    expected = 0
    for size in bios:
        bench.write(size)
        whole, rest = divmod(size, max_request)
        for part in [max_request] * whole + ([rest] if rest else []):
            expected += latency + part * SEC // (100 * MIB)
    assert bench.loop.run(FOREVER) == "idle"
    assert bench.done[-1] == expected
    assert bench.done == sorted(bench.done)
    assert bench.device.in_flight() == 0
    assert bench.device.written_bytes == sum(bios)


def test_reads_have_a_bandwidth_of_their_own_and_wait_for_the_writes_before_them() -> None:
    bench = Bench()
    bench.write(100 * MIB)
    bench.read(100 * MIB)
    bench.loop.run(FOREVER)
    assert bench.done == [SEC, SEC + SEC // 2]
    assert bench.device.in_flight() == 0
    assert (bench.device.written_bytes, bench.device.read_bytes) == (100 * MIB, 100 * MIB)


@given(st.integers(1, 300), st.integers(0, 500))
def test_jitter_stays_within_its_permille(count: int, permille: int) -> None:
    bench = Bench(jitter_permille=permille, max_request=64 * KIB)
    for _ in range(count):
        bench.write(64 * KIB)
    bench.loop.run(FOREVER)
    exact = 64 * KIB * SEC // (100 * MIB)
    least, most = exact * (1000 - permille) // 1000 - 1, exact * (1000 + permille) // 1000 + 1
    ends = [0, *bench.done]
    assert all(least <= end - start <= most for start, end in pairwise(ends))


@given(
    st.integers(1, 5),
    st.integers(1, 32),
    st.booleans(),
    st.integers(1, 4),
)
def test_sleeping_submitters_never_have_more_in_flight_than_the_queue_and_one_batch_hold(
    writers: int, nr_requests: int, legacy: bool, requests_a_bio: int
) -> None:
    bench = Bench(nr_requests=nr_requests, legacy=legacy, max_request=64 * KIB)
    for number in range(writers):
        bench.loop.spawn(f"writer {number}", bench.writer(requests_a_bio * 64 * KIB, 20))
    bench.loop.run(FOREVER)
    assert len(bench.done) == writers * 20
    assert bench.device.requests == writers * 20 * requests_a_bio
    # A legacy queue lets a woken submitter batch: 32 requests more (BLK_BATCH_REQ).
    assert bench.device.peak_in_flight <= nr_requests + (32 if legacy else 0)


def test_a_lone_submitter_of_single_requests_fills_the_queue_and_then_sleeps() -> None:
    bench = Bench(legacy=False, max_request=64 * KIB)
    task = bench.loop.spawn("writer", bench.writer(64 * KIB, 1000))
    bench.loop.run(130 * SUBMIT_REQUEST_NS)
    assert (task.state, task.waits_for()) == ("D", "device sda")
    assert bench.device.peak_in_flight == 128


def test_mq_wakes_a_submitter_when_a_batch_of_tags_is_free_and_legacy_at_the_first() -> None:
    free: dict[bool, int] = {}
    for legacy in (False, True):
        bench = Bench(legacy=legacy, max_request=64 * KIB)
        for _ in range(128):
            bench.write(64 * KIB)

        def sleeper(bench: Bench = bench, legacy: bool = legacy) -> Steps:
            yield from bench.device.get_request()
            free[legacy] = 128 - bench.device.in_flight()

        bench.loop.spawn("sleeper", sleeper())
        bench.loop.run(FOREVER)
    assert free == {False: SBQ_WAKE_BATCH, True: 1}


def test_small_bios_that_may_not_sleep_go_beyond_the_limit() -> None:
    bench = Bench(nr_requests=4, max_request=64 * KIB)
    for _ in range(10):
        bench.write(64 * KIB)
    assert bench.device.in_flight() == 10


def test_a_queue_of_128_is_congested_at_113_requests_and_no_more_at_102() -> None:
    bench = Bench(max_request=64 * KIB)
    device = bench.device
    assert (device.congested_on, device.congested_off) == (113, 103)
    for _ in range(112):
        bench.write(64 * KIB)
    assert not device.write_congested()
    bench.write(64 * KIB)
    assert device.write_congested()


def test_a_congestion_waiter_is_woken_when_a_request_ends_on_an_uncongested_legacy_queue() -> None:
    bench = Bench(max_request=64 * KIB)
    woken: list[tuple[int, int]] = []
    bench.device.on_uncongested = lambda: woken.append((bench.loop.now, bench.device.in_flight()))
    for _ in range(120):
        bench.write(64 * KIB)
    bench.device.expect_uncongested()
    bench.device.expect_uncongested()  # asking twice wakes once
    bench.loop.run(FOREVER)
    assert [in_flight for _, in_flight in woken] == [102]
    assert woken[0][0] == 18 * (64 * KIB * SEC // (100 * MIB))


def test_on_an_uncongested_queue_the_next_end_wakes() -> None:
    bench = Bench(max_request=64 * KIB)
    woken: list[int] = []
    bench.device.on_uncongested = lambda: woken.append(bench.device.in_flight())
    for _ in range(5):
        bench.write(64 * KIB)
    bench.device.expect_uncongested()
    bench.loop.run(FOREVER)
    assert woken == [4]


def test_submitting_wakes_those_who_listen_already() -> None:
    bench = Bench(max_request=64 * KIB)
    woken: list[int] = []
    bench.device.listening = lambda: True
    bench.device.on_uncongested = lambda: woken.append(bench.loop.now)
    bench.device.expect_uncongested()  # nothing in flight: nothing will end
    bench.write(64 * KIB)
    bench.loop.run(FOREVER)
    assert woken == bench.done


def test_an_mq_queue_is_never_congested_and_wakes_no_congestion_waiter() -> None:
    bench = Bench(legacy=False, max_request=64 * KIB)
    woken: list[int] = []
    bench.device.listening = lambda: True
    bench.device.on_uncongested = lambda: woken.append(bench.loop.now)
    for _ in range(200):
        bench.write(64 * KIB)
    bench.device.expect_uncongested()
    assert not bench.device.write_congested()
    bench.loop.run(FOREVER)
    assert not woken


def test_an_erase_stalls_the_device_once_for_every_so_many_bytes_written() -> None:
    stalled = Bench(erase_every=MIB, erase_stall_ns=7 * MSEC, max_request=256 * KIB)
    plain = Bench(max_request=256 * KIB)
    for bench in (stalled, plain):
        for _ in range(8):
            bench.write(512 * KIB)
        bench.read(512 * KIB)
        bench.loop.run(FOREVER)
    assert stalled.done[-1] - plain.done[-1] == 4 * 7 * MSEC


def test_a_flush_empties_the_cache_first_and_nothing_else_is_done_meanwhile() -> None:
    bench = Bench(flush_ns=20 * MSEC)
    bench.write(MIB)
    bench.write(MIB, flush=True)
    bench.write(MIB)
    bench.loop.run(FOREVER)
    # A request of 512 KiB takes 5 ms.
    assert bench.done == [10 * MSEC, 40 * MSEC, 50 * MSEC]


def test_a_submitter_asleep_on_a_full_queue_is_alive_for_the_device_goes_on_by_itself() -> None:
    bench = Bench(nr_requests=2, max_request=64 * KIB)
    task = bench.loop.spawn("writer", bench.writer(64 * KIB, 10))
    bench.loop.run(20 * SUBMIT_REQUEST_NS)
    assert task.state == "D"
    assert closed_set([task]) == ()


@pytest.mark.parametrize(
    ("legacy", "name"), [(True, "get_request_wait"), (False, "blk_mq_get_tag")]
)
def test_a_queue_is_waited_for_under_its_kernels_name(legacy: bool, name: str) -> None:
    bench = Bench(legacy=legacy)
    assert bench.device.tags.name == name
    bench.write(MIB)
    assert repr(bench.device) == "<BlockDevice sda, 2 in flight>"


def test_a_leaky_bucket_makes_up_for_idle_time_up_to_its_size() -> None:
    bench = Bench(write_bw=MIB, burst_ns=SEC // 2)
    for _ in range(3):
        bench.loop.call_at(SEC, lambda: bench.write(MIB // 4))
    bench.loop.run(5 * SEC)
    assert bench.done == [SEC, SEC, SEC + SEC // 4]


def test_reads_in_a_queue_of_their_own_wait_for_the_write_in_service_and_put_off_the_next() -> None:
    bench = Bench(legacy=False, reads_apart=True, max_request=10 * MIB)
    bench.write(20 * MIB)
    bench.read(2 * MIB)
    bench.write(10 * MIB)
    bench.loop.run(FOREVER)
    assert bench.done == [110 * MSEC, 200 * MSEC, 310 * MSEC]


def test_a_flush_waits_for_what_the_device_holds_and_passes_what_is_queued() -> None:
    bench = Bench(write_bw=MIB, legacy=False, nr_requests=64, max_request=128 * KIB)
    for _ in range(16):
        bench.write(128 * KIB)
    ended: list[int] = []

    def flush() -> Steps:
        yield from bench.device.blkdev_issue_flush()
        ended.append(bench.loop.now)

    bench.loop.spawn("flush", flush())
    bench.loop.run(5 * SEC)
    assert ended == [bench.done[DEVICE_HOLDS - 1]]


def test_who_is_woken_on_a_multi_queue_leaves_a_tag_to_the_others() -> None:
    bench = Bench(write_bw=MIB, legacy=False, nr_requests=8, max_request=128 * KIB)
    order: list[str] = []

    def writer(name: str, size: int) -> Steps:
        yield from bench.device.submit_bio(size, lambda: order.append(name), write=True)

    bench.loop.spawn("flusher", writer("flusher", 4 * MIB))
    bench.loop.run(10 * MSEC)
    bench.loop.spawn("journal", writer("journal", 4 * KIB))
    bench.loop.run(20 * SEC)
    assert order == ["journal", "flusher"]


def test_writes_beside_each_other_merge_into_a_request_that_waits_and_are_done_as_one() -> None:
    bench = Bench(write_bw=MIB, legacy=False, nr_requests=8, max_request=256 * KIB)

    def flusher() -> Steps:
        for _ in range(6):
            yield from bench.device.submit_bio(64 * KIB, bench._note, write=True, merges=True)

    bench.loop.spawn("flusher", flusher())
    bench.loop.run(5 * SEC)
    # The first is in service when the second comes; the next four fill one request; one is left.
    assert bench.device.requests == 3
    assert bench.done == [SEC // 16, *[5 * SEC // 16] * 4, 6 * SEC // 16]
    assert bench.device.in_flight() == 0
    assert bench.device.written_bytes == 6 * 64 * KIB


def test_a_write_joins_none_that_an_earlier_plug_has_let_go() -> None:
    bench = Bench(write_bw=MIB, legacy=False, nr_requests=8, max_request=256 * KIB)

    def flusher() -> Steps:
        for _ in range(6):
            yield from bench.device.submit_bio(64 * KIB, bench._note, write=True, merges=True)
            bench.device.blk_finish_plug()

    bench.loop.spawn("flusher", flusher())
    bench.loop.run(5 * SEC)
    assert bench.device.requests == 6


def test_a_write_elsewhere_is_not_merged() -> None:
    bench = Bench(write_bw=MIB, legacy=False, nr_requests=8)
    bench.loop.spawn("flusher", bench.writer(64 * KIB, 4))
    bench.loop.run(5 * SEC)
    assert bench.device.requests == 4
