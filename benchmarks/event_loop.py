"""The same two workloads on our event loop and on SimPy 4: timers, and zero-delay wake-ups."""

from __future__ import annotations

import random
from collections import deque
from typing import TYPE_CHECKING, Any

import simpy

from reclaimlab.engine.loop import Loop
from reclaimlab.engine.wait import WaitQueue

if TYPE_CHECKING:
    from collections.abc import Generator

    from reclaimlab.engine.task import Steps

TASKS = 100
"""Tasks that sleep in the timer workload, and in the background of the wake-ups."""
TIMERS = 100_000
"""Timer events of one call."""
PAIRS = 10
"""Pairs of tasks that wake each other."""
TURNS = 5_000
"""How often each of a pair wakes the other in one call."""
WAKEUPS = 2 * PAIRS * TURNS
"""Wake-ups of one call."""

_dice = random.Random(1)
DELAYS = [_dice.randrange(1_000, 1_000_000) for _ in range(4096)]
"""Nanoseconds; both loops sleep the same."""


class SimpyQueue:
    """A wait queue as it is made with SimPy: first in, first out, an event for each sleep."""

    def __init__(self, environment: simpy.Environment) -> None:
        self._environment = environment
        self._waiters: deque[simpy.Event] = deque()

    def sleep(self) -> simpy.Event:
        """Return what to yield."""
        event = self._environment.event()
        self._waiters.append(event)
        return event

    def wake_one(self) -> bool:
        """Wake the first sleeper; return whether there was one."""
        if not self._waiters:
            return False
        self._waiters.popleft().succeed()
        return True


def our_timers() -> None:
    """Let every task sleep again and again."""
    loop = Loop()

    def sleeper(number: int) -> Steps:
        for turn in range(TIMERS // TASKS):
            yield DELAYS[number * 37 + turn & 4095]

    for number in range(TASKS):
        loop.spawn("sleeper", sleeper(number))
    assert loop.run(1 << 60) == "idle"


def simpy_timers() -> None:
    """Do the same with SimPy."""
    environment = simpy.Environment()
    timeout = environment.timeout

    def sleeper(number: int) -> Generator[Any, Any, None]:
        for turn in range(TIMERS // TASKS):
            yield timeout(DELAYS[number * 37 + turn & 4095])

    for number in range(TASKS):
        environment.process(sleeper(number))
    environment.run()


def our_wakeups() -> None:
    """Let the tasks of each pair wake each other; time stands still for them."""
    loop = Loop()

    def sleeper(number: int) -> Steps:
        while True:
            yield DELAYS[number]

    def server(mine: WaitQueue, other: WaitQueue) -> Steps:
        yield 0  # the other is asleep by then
        for _ in range(TURNS):
            other.wake_one()
            yield mine

    def returner(mine: WaitQueue, other: WaitQueue) -> Steps:
        for _ in range(TURNS):
            yield mine
            other.wake_one()

    for number in range(TASKS):
        loop.spawn("sleeper", sleeper(number))
    for _ in range(PAIRS):
        # Interruptible: time asleep is not accounted, as SimPy accounts none.
        first, second = (WaitQueue(loop, name, state="S") for name in ("first", "second"))
        loop.spawn("returner", returner(second, first))
        loop.spawn("server", server(first, second))
    assert loop.run(500) == "time"


def simpy_wakeups() -> None:
    """Do the same with SimPy."""
    environment = simpy.Environment()

    def sleeper(number: int) -> Generator[Any, Any, None]:
        while True:
            yield environment.timeout(DELAYS[number])

    def server(mine: SimpyQueue, other: SimpyQueue) -> Generator[Any, Any, None]:
        yield environment.timeout(0)
        for _ in range(TURNS):
            other.wake_one()
            yield mine.sleep()

    def returner(mine: SimpyQueue, other: SimpyQueue) -> Generator[Any, Any, None]:
        for _ in range(TURNS):
            yield mine.sleep()
            other.wake_one()

    for number in range(TASKS):
        environment.process(sleeper(number))
    for _ in range(PAIRS):
        first, second = SimpyQueue(environment), SimpyQueue(environment)
        environment.process(returner(second, first))
        environment.process(server(first, second))
    environment.run(until=500)
