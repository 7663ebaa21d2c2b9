"""Wait queues: who is woken, when, and with what."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reclaimlab.engine.loop import Loop
from reclaimlab.engine.task import Steps, Task
from reclaimlab.engine.wait import Always, Completion, WaitQueue

FOREVER = 1 << 60


def waiting(loop: Loop, queue: WaitQueue, log: list[tuple[str, object, int]], name: str) -> Task:
    def waiter() -> Steps:
        value = yield queue
        log.append((name, value, loop.now))

    return loop.spawn(name, waiter())


@given(st.integers(0, 12), st.lists(st.integers(0, 3), max_size=8))
def test_sleepers_are_woken_in_the_order_they_came_and_each_exactly_once(
    sleepers: int, wakes: list[int]
) -> None:
    loop, log = Loop(), []  # type: Loop, list[tuple[str, object, int]]
    queue = WaitQueue(loop, "queue")
    for number in range(sleepers):
        waiting(loop, queue, log, str(number))

    def waker() -> Steps:
        for count in wakes:
            yield 1
            for _ in range(count):
                asleep = len(queue.waiters)
                assert queue.wake_one() == (asleep > 0)
        yield 1
        queue.wake_all()

    loop.spawn("waker", waker())
    loop.run(FOREVER)
    assert [name for name, _, _ in log] == [str(number) for number in range(sleepers)]
    assert not queue.waiters


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=8))
def test_a_timed_wait_ends_by_what_comes_first_and_says_which(
    plans: list[tuple[int, int]],
) -> None:
    loop = Loop()
    told: dict[int, tuple[bool, int]] = {}

    def sleeper(number: int, limit: int, queue: WaitQueue) -> Steps:
        woken = yield queue.for_at_most(limit)
        told[number] = (woken, loop.now)

    for number, (limit, wake_at) in enumerate(plans):
        queue = WaitQueue(loop, f"queue {number}")
        loop.call_at(wake_at, queue.wake_all)
        loop.spawn(f"sleeper {number}", sleeper(number, limit, queue))
    assert loop.run(FOREVER) == "idle"
    for number, (limit, wake_at) in enumerate(plans):
        woken, time = told[number]
        assert time == min(limit, wake_at)
        if limit != wake_at:
            assert woken == (wake_at < limit)


def test_who_was_woken_in_time_is_not_timed_out_in_its_next_wait() -> None:
    loop, log = Loop(), []  # type: Loop, list[tuple[bool, int]]
    queue = WaitQueue(loop, "queue")

    def sleeper() -> Steps:
        log.append(((yield queue.for_at_most(10)), loop.now))
        log.append(((yield queue), loop.now))

    loop.spawn("sleeper", sleeper())
    loop.call_at(5, queue.wake_all)
    loop.call_at(30, queue.wake_all)
    loop.run(FOREVER)
    assert log == [(True, 5), (True, 30)]


def test_who_timed_out_stands_on_the_queue_no_more() -> None:
    loop = Loop()
    queue = WaitQueue(loop, "queue")

    def sleeper() -> Steps:
        yield queue.for_at_most(10)
        yield 100

    task = loop.spawn("sleeper", sleeper())
    loop.run(5)
    assert (task.state, task.waits_on, list(queue.waiters)) == ("D", queue, [task])
    loop.run(20)
    assert (task.state, task.waits_on, list(queue.waiters)) == ("R", None, [])
    assert not queue.wake_one()


def test_a_waker_may_leave_a_value() -> None:
    loop, log = Loop(), []  # type: Loop, list[tuple[str, object, int]]
    queue = WaitQueue(loop, "queue")
    for name in "abc":
        waiting(loop, queue, log, name)

    def wake() -> None:
        queue.wake_one("first")
        queue.wake_all("rest")

    loop.call_at(1, wake)
    loop.run(FOREVER)
    assert [(name, value) for name, value, _ in log] == [
        ("a", "first"),
        ("b", "rest"),
        ("c", "rest"),
    ]


@pytest.mark.parametrize(("state", "ends"), [("S", True), ("K", True), ("D", False)])
def test_a_signal_ends_interruptible_and_killable_sleep_only(state: str, ends: bool) -> None:
    loop, log = Loop(), []  # type: Loop, list[tuple[str, object, int]]
    queue = WaitQueue(loop, "queue", state=state)
    task = waiting(loop, queue, log, "sleeper")
    loop.call_at(5, lambda: loop.interrupt(task))
    loop.run(4)
    assert task.state == state
    loop.run(FOREVER)
    assert log == ([("sleeper", False, 5)] if ends else [])
    assert bool(queue.waiters) != ends


def test_a_signal_to_who_does_not_sleep_changes_nothing() -> None:
    loop = Loop()

    def worker() -> Steps:
        yield 10

    task = loop.spawn("worker", worker())
    loop.run(5)
    loop.interrupt(task)
    assert loop.run(9) == "time"
    assert loop.run(FOREVER) == "idle"
    assert loop.now == 10


def test_uninterruptible_sleep_is_added_up_and_the_longest_is_kept_with_its_cause() -> None:
    loop = Loop()
    disk = WaitQueue(loop, "disk", resource=Always("device sda"))
    lock = WaitQueue(loop, "lock")
    idle = WaitQueue(loop, "idle", state="S")

    def sleeper() -> Steps:
        yield lock.for_at_most(3)
        yield disk
        yield idle.for_at_most(1000)

    task = loop.spawn("sleeper", sleeper())
    loop.call_at(10, disk.wake_all)
    loop.run(FOREVER)
    assert task.uninterruptible_ns == 10
    assert (task.longest_block_ns, task.longest_block_on) == (7, "device sda")


def test_those_who_attend_a_task_hear_of_every_sleep_every_waking_and_the_end() -> None:
    loop, heard = Loop(), []  # type: Loop, list[str]
    queue = WaitQueue(loop, "queue", state="S")

    def worker() -> Steps:
        yield 1
        yield queue
        yield queue.for_at_most(5)
        yield queue

    task = loop.spawn("worker", worker())
    task.attend(
        lambda _: heard.append(f"sleeps {loop.now}"), lambda _: heard.append(f"wakes {loop.now}")
    )
    loop.call_at(2, queue.wake_all)
    loop.call_at(9, queue.wake_all)
    loop.run(FOREVER)
    assert heard == [
        "sleeps 1",
        "wakes 2",
        "sleeps 2",
        "wakes 7",
        "sleeps 7",
        "wakes 9",
        "sleeps 9",
    ]


def test_a_completion_holds_up_only_those_who_come_before_it() -> None:
    loop, log = Loop(), []  # type: Loop, list[tuple[str, int]]
    done = Completion(loop, "done")

    def comer(name: str, at: int) -> Steps:
        yield at
        if not done.done:
            yield done.queue
        log.append((name, loop.now))

    loop.spawn("early", comer("early", 1))
    loop.spawn("late", comer("late", 9))
    loop.call_at(5, done.complete_all)
    loop.run(FOREVER)
    assert log == [("early", 5), ("late", 9)]


def test_a_queue_and_a_task_tell_their_story() -> None:
    loop = Loop()
    queue = WaitQueue(loop, "lock")
    task = waiting(loop, queue, [], "sleeper")
    loop.run(1)
    assert repr(queue) == "<WaitQueue lock, 1 waiting>"
    assert (repr(task), task.label) == ("<Task sleeper:1 D on lock>", "sleeper:1")
