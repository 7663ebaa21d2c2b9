"""The event loop: integer nanoseconds, a heap of timers and a deque of the runnable.

Runnable tasks go before timers, both in order of arrival, unless the run's order says otherwise. The
loop is the hot path of everything: it dispatches on the exact type of what a task yields and keeps
its own names local.
"""

from __future__ import annotations

import heapq
from collections import deque
from typing import TYPE_CHECKING

from reclaimlab.engine.order import Fifo, Order
from reclaimlab.engine.task import Steps, Task
from reclaimlab.engine.wait import Choice, TimedWait, WaitQueue

if TYPE_CHECKING:
    from collections.abc import Callable

    from reclaimlab.engine.trace import Trace


class Timer:
    """A callback due at a time; :meth:`cancel` makes it not happen."""

    __slots__ = ("call",)

    def __init__(self, call: Callable[[], None] | None) -> None:
        self.call = call

    def cancel(self) -> None:
        """Make sure that it does not fire."""
        self.call = None


class Loop:
    """Simulated time and the tasks that live in it.

    Attributes:
        now: nanoseconds since the start.
        current: the task that runs, or None in interrupt context.
        events: how many steps and timers were handled.
    """

    def __init__(self, order: Order | None = None) -> None:
        self.now = 0
        self.current: Task | None = None
        self.events = 0
        self.tasks: list[Task] = []
        self.trace: Trace | None = None
        self.order: Order = order or Fifo()
        self._heap: list[tuple[int, int, Task | None, Timer | None]] = []
        self._ready: deque[Task] = deque()
        self._sequence = 0
        self._stopped = ""

    def spawn(self, name: str, generator: Steps, *, flags: int = 0, pid: int | None = None) -> Task:
        """Start a task now; it runs when the present one yields."""
        task = Task(name, generator, pid=len(self.tasks) + 1 if pid is None else pid, flags=flags)
        task.since_ns = task.started_ns = self.now
        self.tasks.append(task)
        self._ready.append(task)
        return task

    def call_at(self, time_ns: int, call: Callable[[], None]) -> Timer:
        """Call ``call`` at ``time_ns``, in interrupt context: it must not wait."""
        if time_ns < self.now:
            msg = f"timer at {time_ns} ns is before now, {self.now} ns"
            raise ValueError(msg)
        timer = Timer(call)
        self._sequence += 1
        heapq.heappush(self._heap, (time_ns, self._sequence, None, timer))
        return timer

    def call_after(self, delay_ns: int, call: Callable[[], None]) -> Timer:
        """Call ``call`` after ``delay_ns``."""
        return self.call_at(self.now + delay_ns, call)

    def make_ready(self, task: Task, value: object = None) -> None:
        """Make a sleeping task runnable; ``value`` is what its yield gives."""
        if task.state == "D" or task.state == "K":
            slept = self.now - task.since_ns
            if task.state == "D":
                task.uninterruptible_ns += slept
                if slept > task.longest_block_ns:
                    task.longest_block_ns = slept
                    task.longest_block_on = task.waits_for()
        task.waits_on = None
        task.timer = -1
        task.value = value
        task.state = "R"
        task.since_ns = self.now
        self._ready.append(task)
        if task.on_wake is not None:
            task.on_wake(task)

    def interrupt(self, task: Task) -> None:
        """Wake a task that sleeps interruptibly or killably (a signal); others sleep on."""
        queue = task.waits_on
        if queue is not None and task.state in "SK":
            queue.waiters.remove(task)
            self.make_ready(task, value=False)

    def stop(self, reason: str) -> None:
        """End :meth:`run` after the present step."""
        self._stopped = self._stopped or reason

    @property
    def stopped(self) -> str:
        """Why the run was stopped; empty while it goes on."""
        return self._stopped

    def run(self, until_ns: int) -> str:
        """Run until ``until_ns``, a stop, or nothing left; return ``time``, ``idle`` or the reason."""
        heap, ready, pop = self._heap, self._ready, heapq.heappop
        fifo = type(self.order) is Fifo
        events = 0
        while not self._stopped:
            if ready:
                task = ready.popleft() if fifo or len(ready) == 1 else self._pick()
            else:
                if not heap:
                    self.events += events
                    return "idle"
                if heap[0][0] > until_ns:
                    self.now = until_ns
                    self.events += events
                    return "time"
                self.now, sequence, due, timer = pop(heap)
                if due is None:
                    if timer is not None and timer.call is not None:
                        events += 1
                        self.current = None
                        timer.call()
                    continue
                task = due
                if task.timer != sequence:
                    continue  # it was woken before its time ran out
                if task.waits_on is not None:
                    self._time_out(task)
                    continue
            events += 1
            self.current = task
            try:
                step = task.generator.send(task.value)
            except StopIteration:
                self._end(task)
                continue
            task.value = None
            if type(step) is int:
                self._sequence = task.timer = sequence = self._sequence + 1
                heapq.heappush(heap, (self.now + step, sequence, task, None))
            else:
                self._block(task, step)
        self.events += events
        return self._stopped

    def _pick(self) -> Task:
        ready = self._ready
        index = self.order.pick(len(ready))
        ready.rotate(-index)
        task = ready.popleft()
        ready.rotate(index)
        return task

    def _block(self, task: Task, step: object) -> None:
        task.timer = -1
        if type(step) is WaitQueue:
            queue = step
        elif type(step) is TimedWait:
            queue = step.queue
            self._sequence = task.timer = self._sequence + 1
            heapq.heappush(self._heap, (self.now + step.delay_ns, task.timer, task, None))
        elif type(step) is Choice:
            task.value = self.order.pick(step.count)
            self._ready.appendleft(task)
            return
        else:
            msg = f"task {task.name} yielded {step!r}; a task yields nanoseconds, a WaitQueue, a timed wait or a Choice"
            raise TypeError(msg)
        queue.waiters.append(task)
        task.waits_on = queue
        task.state = queue.state
        task.since_ns = self.now
        task.sleeps += 1
        if task.on_sleep is not None:
            task.on_sleep(task)
        if self.trace is not None:
            self.trace.blocked(self.now, task)

    def _time_out(self, task: Task) -> None:
        queue = task.waits_on
        if queue is not None:
            queue.waiters.remove(task)
        self.make_ready(task, value=False)

    def _end(self, task: Task) -> None:
        task.state = "X"
        task.since_ns = self.now
        if task.on_sleep is not None:
            task.on_sleep(task)
