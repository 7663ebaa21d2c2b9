"""Orders: the one place of free choice, recorded and repeated."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reclaimlab.engine.loop import Loop
from reclaimlab.engine.order import Fifo, Pct, RandomOrder, Replay
from reclaimlab.engine.rng import Streams
from reclaimlab.engine.wait import Choice, WaitQueue

if TYPE_CHECKING:
    from reclaimlab.engine.order import Order
    from reclaimlab.engine.task import Steps

seeds = st.integers(0, 1 << 32)


def story(order: Order | None) -> list[tuple[int, str]]:
    """Return who ran when, in a run full of ties."""
    loop, log = Loop(order), []  # type: Loop, list[tuple[int, str]]
    queue = WaitQueue(loop, "queue")

    def actor(name: str) -> Steps:
        for _ in range(3):
            log.append((loop.now, name))
            yield queue
            outcome = yield Choice(4)
            log.append((loop.now, f"{name}{outcome}"))

    for name in "abcde":
        loop.spawn(name, actor(name))
    for time in (10, 20, 30):
        loop.call_at(time, queue.wake_all)
    loop.run(1 << 40)
    return log


@given(seeds)
def test_replaying_the_choices_of_a_random_order_repeats_the_run(seed: int) -> None:
    order = RandomOrder(Streams(seed)["order"])
    first = story(order)
    assert story(Replay(order.choices)) == first


@given(seeds)
def test_a_random_order_is_made_of_its_seed_alone(seed: int) -> None:
    assert story(RandomOrder(Streams(seed)["order"])) == story(RandomOrder(Streams(seed)["order"]))


@given(seeds)
def test_every_order_runs_the_same_actors_the_same_number_of_times(seed: int) -> None:
    def acts(order: Order | None) -> list[tuple[int, str]]:
        return sorted((time, name[0]) for time, name in story(order))

    assert acts(RandomOrder(Streams(seed)["order"])) == acts(None)
    assert acts(Pct(Streams(seed)["order"], steps=20)) == acts(None)


def test_random_orders_differ_between_seeds() -> None:
    stories = {tuple(story(RandomOrder(Streams(seed)["order"]))) for seed in range(20)}
    assert len(stories) == 20


def test_first_come_first_served_is_the_default() -> None:
    assert story(None) == story(Fifo())
    assert [name for _, name in story(None)][:5] == list("abcde")


def test_a_replay_that_has_run_out_goes_on_first_come_first_served() -> None:
    assert story(Replay([])) == story(Fifo())


def test_a_recorded_choice_that_no_longer_fits_is_cut_to_the_last_equal() -> None:
    replay = Replay([9, 1, 0])
    assert [replay.pick(3), replay.pick(3), replay.pick(3), replay.pick(3)] == [2, 1, 0, 0]


@given(seeds, st.lists(st.integers(1, 50), max_size=60))
def test_every_pick_is_one_of_the_equals(seed: int, counts: list[int]) -> None:
    for order in (Fifo(), RandomOrder(Streams(seed)["a"]), Pct(Streams(seed)["b"], steps=30)):
        assert all(0 <= order.pick(count) < count for count in counts)


@pytest.mark.parametrize("depth", [0, 1, 3])
def test_pct_changes_its_mind_at_most_depth_times(depth: int) -> None:
    order = Pct(Streams(7)["order"], steps=100, depth=depth)
    picks = [order.pick(1 << 20) for _ in range(200)]
    changes = sum(one != other for one, other in pairwise(picks))
    assert changes <= depth


def test_pct_favours_another_place_with_another_stream_from_the_first_pick_on() -> None:
    picks = {Pct(Streams(seed)["order"], depth=0).pick(1 << 20) for seed in range(20)}
    assert len(picks) == 20


def test_pct_changes_its_mind_when_its_moments_come() -> None:
    order = Pct(Streams(7)["order"], steps=100, depth=3)
    picks = [order.pick(1 << 20) for _ in range(200)]
    assert len(set(picks)) == 4


def test_a_random_order_lets_runnable_tasks_go_first_that_came_last() -> None:
    def begins(name: str) -> Steps:
        began.append(name)
        yield from ()

    orders = set()
    for seed in range(20):
        loop, began = Loop(RandomOrder(Streams(seed)["order"])), list[str]()
        for name in "abcde":
            loop.spawn(name, begins(name))
        loop.run(1)
        orders.add("".join(began))
    assert len(orders) > 10
