"""Closed sets: found exactly when nobody in them can ever go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from reclaimlab.engine.locks import Mutex
from reclaimlab.engine.loop import Loop
from reclaimlab.engine.wait import Always, WaitQueue
from reclaimlab.engine.waitgraph import closed_set, find_cycle

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reclaimlab.engine.task import Steps, Task
    from reclaimlab.engine.wait import Resource


class Lock:
    """A resource with the releasers it is given."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.helpers: list[Task | Resource] = []

    def releasers(self) -> Iterable[Task | Resource]:
        return self.helpers


def sleeper(queue: WaitQueue | None, limit: int | None = None) -> Steps:
    if queue is None:
        yield 1000
    elif limit is None:
        yield queue
    else:
        yield queue.for_at_most(limit)


def dead_by_brute_force(tasks: list[Task], locks: list[Lock]) -> set[str]:
    """Add to the living whoever they can release, until nobody is added."""
    nodes: list[Task | Resource] = [*tasks, *locks]
    living: set[int] = set()
    for task in tasks:
        queue = task.waits_on
        if queue is None or queue.resource is None or task.time_limit is not None:
            living.add(id(task))
    grown = True
    while grown:
        grown = False
        for node in nodes:
            helpers = node.releasers()
            alive = any(id(each) in living or isinstance(each, Always) for each in helpers)
            if id(node) not in living and alive:
                living.add(id(node))
                grown = True
    return {task.name for task in tasks if id(task) not in living}


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[tuple[str, int]], list[list[int]]]:
    """Return what each task does, and the nodes that can release each lock (-1: the world)."""
    count = draw(st.integers(1, 7))
    locks = draw(st.integers(1, 5))
    kinds = st.sampled_from(["lock", "lock", "lock", "timed", "idle", "runs"])
    tasks = draw(
        st.lists(st.tuples(kinds, st.integers(0, locks - 1)), min_size=count, max_size=count)
    )
    # Mostly tasks: the world would keep nearly everyone alive.
    helper = st.integers(-1, count + locks - 1)
    helpers = draw(st.lists(st.lists(helper, max_size=3), min_size=locks, max_size=locks))
    return tasks, helpers


@given(graphs())
def test_the_closed_set_is_what_the_fixpoint_by_brute_force_leaves(
    graph: tuple[list[tuple[str, int]], list[list[int]]],
) -> None:
    plan, helpers = graph
    loop, world = Loop(), Always("world")
    locks = [Lock(f"lock {number}") for number in range(len(helpers))]
    tasks: list[Task] = []
    for number, (kind, wanted) in enumerate(plan):
        resource = None if kind == "idle" else locks[wanted]
        queue = None if kind == "runs" else WaitQueue(loop, "queue", resource=resource)
        tasks.append(loop.spawn(f"t{number}", sleeper(queue, 1000 if kind == "timed" else None)))
    nodes: list[Task | Resource] = [*tasks, *locks]
    for lock, able in zip(locks, helpers, strict=True):
        lock.helpers = [
            world if each < 0 else nodes[each]
            for each in able
            if each < 0 or nodes[each] is not lock
        ]
    loop.run(1)
    dead = closed_set(tasks)
    assert {task.name for task in dead} == dead_by_brute_force(tasks, locks)
    cycle = find_cycle(dead)
    assert bool(cycle) == bool(dead)


def two_who_wait_for_each_other() -> tuple[Loop, list[Task]]:
    loop = Loop()
    first, second = Mutex(loop, "first"), Mutex(loop, "second")

    def take(one: Mutex, other: Mutex) -> Steps:
        assert loop.current is not None
        yield from one.mutex_lock(loop.current)
        yield 1
        yield from other.mutex_lock(loop.current)

    return loop, [loop.spawn("a", take(first, second)), loop.spawn("b", take(second, first))]


def test_two_tasks_with_two_locks_in_opposite_order_are_a_cycle_of_four() -> None:
    loop, tasks = two_who_wait_for_each_other()
    assert loop.run(1 << 40) == "idle"
    dead = closed_set(tasks)
    assert set(dead) == set(tasks)
    assert find_cycle(dead) == ("a:1", "second", "b:2", "first")


def test_nobody_is_dead_while_one_of_the_two_still_runs() -> None:
    loop, tasks = two_who_wait_for_each_other()
    loop.run(0)
    assert closed_set(tasks) == ()
    assert find_cycle(()) == ()


def test_who_waits_for_the_dead_is_dead_and_not_on_the_cycle() -> None:
    loop, tasks = two_who_wait_for_each_other()
    loop.run(1 << 40)
    held = Lock("held by a")
    held.helpers = [tasks[0]]
    victim = loop.spawn("victim", sleeper(WaitQueue(loop, "queue", resource=held)))
    loop.run(1 << 41)
    dead = closed_set([victim, *tasks])
    assert set(dead) == {victim, *tasks}
    assert "victim:3" not in find_cycle(dead)


def test_who_waits_for_what_nobody_can_release_is_dead_without_a_cycle() -> None:
    loop = Loop()
    orphan = loop.spawn("orphan", sleeper(WaitQueue(loop, "queue", resource=Lock("lost"))))
    loop.run(1)
    assert find_cycle(closed_set([orphan])) == ("orphan:1", "lost")


def test_an_ended_task_is_neither_alive_nor_dead() -> None:
    loop = Loop()
    task = loop.spawn("short", sleeper(None))
    loop.run(1 << 40)
    assert closed_set([task]) == ()


def test_a_cycle_goes_along_the_first_of_several_that_could_release() -> None:
    first, shared, second = Lock("first"), Lock("shared"), Lock("second")
    first.helpers, second.helpers = [shared], [shared]
    shared.helpers = [first, second]
    dead: Any = [first]  # only its label and its releasers are asked for
    assert find_cycle(dead) == ("first", "shared")
