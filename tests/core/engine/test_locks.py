"""Mutex and reader-writer semaphore: exclusion, fairness, and who holds them."""

from hypothesis import given
from hypothesis import strategies as st

from reclaimlab.engine.locks import Mutex, RwSem
from reclaimlab.engine.loop import Loop
from reclaimlab.engine.task import Steps

FOREVER = 1 << 60
plans = st.lists(
    st.tuples(st.integers(0, 10), st.integers(0, 10), st.booleans()), min_size=1, max_size=8
)
"""For each task: when it comes, how long it holds the lock, whether it writes."""


@given(plans)
def test_one_at_a_time_holds_a_mutex_in_the_order_they_came(
    plan: list[tuple[int, int, bool]],
) -> None:
    loop = Loop()
    mutex = Mutex(loop, "mutex")
    came: list[int] = []
    got: list[int] = []
    inside: list[int] = []

    def user(number: int, at: int, hold: int) -> Steps:
        yield at
        assert loop.current is not None
        came.append(number)
        yield from mutex.mutex_lock(loop.current)
        assert mutex.holder is loop.current
        got.append(number)
        inside.append(number)
        assert len(inside) == 1
        yield hold
        inside.remove(number)
        mutex.unlock()

    for number, (at, hold, _) in enumerate(plan):
        loop.spawn(f"user {number}", user(number, at, hold))
    assert loop.run(FOREVER) == "idle"
    assert got == came
    assert mutex.holder is None


@given(plans)
def test_readers_share_writers_do_not_and_nobody_is_overtaken(
    plan: list[tuple[int, int, bool]],
) -> None:
    loop = Loop()
    lock = RwSem(loop, "lock")
    came: list[int] = []
    got: list[int] = []
    inside: list[bool] = []

    def user(number: int, at: int, hold: int, writes: bool) -> Steps:
        yield at
        task = loop.current
        assert task is not None
        came.append(number)
        yield from lock.down_write(task) if writes else lock.down_read(task)
        got.append(number)
        inside.append(writes)
        assert inside.count(True) == 0 or inside == [True]
        yield hold
        inside.remove(writes)
        if writes:
            lock.up_write()
        else:
            lock.up_read(task)

    for number, (at, hold, writes) in enumerate(plan):
        loop.spawn(f"user {number}", user(number, at, hold, writes))
    assert loop.run(FOREVER) == "idle"
    assert got == came
    assert lock.writer is None
    assert not lock.readers


def test_a_reader_does_not_pass_a_writer_who_waits() -> None:
    loop, log = Loop(), []  # type: Loop, list[tuple[str, int]]
    lock = RwSem(loop, "lock")

    def reader(name: str, at: int) -> Steps:
        yield at
        assert loop.current is not None
        yield from lock.down_read(loop.current)
        log.append((name, loop.now))
        task = loop.current
        yield 10
        lock.up_read(task)

    def writer() -> Steps:
        yield 1
        assert loop.current is not None
        assert not lock.down_write_trylock(loop.current)
        yield from lock.down_write(loop.current)
        log.append(("writer", loop.now))
        assert not lock.down_read_trylock(loop.current)
        yield 10
        lock.up_write()

    loop.spawn("early", reader("early", 0))
    loop.spawn("writer", writer())
    loop.spawn("late", reader("late", 2))
    loop.run(FOREVER)
    assert log == [("early", 0), ("writer", 10), ("late", 20)]


def test_a_lock_names_its_holders() -> None:
    loop = Loop()
    mutex, lock = Mutex(loop, "mutex"), RwSem(loop, "lock")

    def idle() -> Steps:
        yield 1

    one, two = loop.spawn("one", idle()), loop.spawn("two", idle())
    assert not [*mutex.releasers(), *lock.releasers()]
    assert mutex.trylock(one)
    assert not mutex.trylock(two)
    assert lock.down_read_trylock(one)
    assert lock.down_read_trylock(two)
    assert list(mutex.releasers()) == [one]
    assert list(lock.releasers()) == [one]
    lock.up_read(one)
    lock.up_read(two)
    assert lock.down_write_trylock(two)
    assert list(lock.releasers()) == [two]
