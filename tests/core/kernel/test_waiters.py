"""A wake-up that is lost is found by the checks of the engine, wherever it is lost."""

from collections import deque
from collections.abc import Callable

import pytest

from reclaimlab.engine.locks import Mutex, RwSem
from reclaimlab.engine.task import Task
from reclaimlab.errors import InvariantError
from reclaimlab.kernel import filemap
from reclaimlab.testing import SmallMachine, small_machine


def wait_for_mutex(machine: SmallMachine) -> Callable[[], None]:
    mutex = Mutex(machine.loop, "mutex")
    mutex.holder = machine.loop.tasks[0]
    machine.k.spawn("waiter", mutex.mutex_lock(machine.loop.tasks[0]))

    def lose() -> None:
        mutex.holder = None

    return lose


def wait_to_write(machine: SmallMachine) -> Callable[[], None]:
    lock = RwSem(machine.loop, "lock")
    lock.readers.append(machine.loop.tasks[0])
    machine.k.spawn("waiter", lock.down_write(machine.loop.tasks[0]))
    return lock.readers.clear


def wait_to_read(machine: SmallMachine) -> Callable[[], None]:
    lock = RwSem(machine.loop, "lock")
    lock.writer = machine.loop.tasks[0]
    machine.k.spawn("waiter", lock.down_read(machine.loop.tasks[0]))

    def lose() -> None:
        lock.writer = None

    return lose


def wait_for_page(machine: SmallMachine) -> Callable[[], None]:
    extent = machine.populate(8, state="writeback")
    unit = extent.unit
    assert unit is not None
    machine.call(filemap.wait_on_page_bit(machine.k, unit), name="waiter")

    def lose() -> None:
        sleepers = [*unit.queue.waiters]
        unit.queue.waiters.clear()
        machine.end_writeback(unit)
        unit.queue.waiters.extend(sleepers)

    return lose


@pytest.mark.parametrize("wait", [wait_for_mutex, wait_to_write, wait_to_read, wait_for_page])
def test_a_sleeper_whose_condition_came_true_is_named(
    wait: Callable[[SmallMachine], Callable[[], None]],
) -> None:
    machine = small_machine()
    lose = wait(machine)
    machine.run(1000)
    machine.check()
    lose()
    with pytest.raises(InvariantError, match=r"waiter.*waits for .*, which it could have"):
        machine.check()


def test_a_sleeper_that_its_queue_has_forgotten_is_named() -> None:
    machine = small_machine()
    wait_for_mutex(machine)
    machine.run(1000)
    waiters_of(machine, "waiter").clear()
    with pytest.raises(InvariantError, match=r"waiter.*sleeps where nobody knows of it"):
        machine.check()


def test_a_sleeper_that_another_queue_would_wake_is_named() -> None:
    machine = small_machine()
    wait_for_mutex(machine)
    machine.run(1000)
    waiters_of(machine, "waiter").append(waiters_of(machine, "kthreadd")[0])
    with pytest.raises(InvariantError, match=r"kthreadd.* is to be woken by mutex too"):
        machine.check()


def waiters_of(machine: SmallMachine, name: str) -> deque[Task]:
    (task,) = [task for task in machine.loop.tasks if task.name == name]
    assert task.waits_on is not None
    return task.waits_on.waiters
