"""The event loop: integer nanoseconds, a heap of timers and a deque of the runnable.

Runnable tasks go before timers, both in order of arrival, unless the run's order says otherwise.
The loop is the hot path of everything: it dispatches on the exact type of what a task yields and
keeps its own names local.
"""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush, heapreplace
from typing import TYPE_CHECKING, Any, final

from reclaimlab.engine.order import Fifo, Order
from reclaimlab.engine.task import Steps, Task
from reclaimlab.engine.wait import Choice, TimedWait, WaitQueue

if TYPE_CHECKING:
    from collections.abc import Callable

    from reclaimlab.engine.trace import Trace


@final
class Timer:
    """A callback due at a time; :meth:`cancel` makes it not happen."""

    __slots__ = ("call",)

    def __init__(self, call: Callable[[], None] | None) -> None:
        self.call = call

    def cancel(self) -> None:
        """Make sure that it does not fire."""
        self.call = None


@final
class TimeLimit:
    """When a timed wait gives up; void once the task was woken."""

    __slots__ = ("task",)

    def __init__(self, task: Task) -> None:
        self.task = task


class Loop:
    """Simulated time and the tasks that live in it.

    Attributes:
        now: nanoseconds since the start.
        current: the task that runs, or None in interrupt context.
        events: how many steps and timers were handled.
        timeless: no time passes while a task runs (see exploring.py).
    """

    def __init__(self, order: Order | None = None, trace: Trace | None = None) -> None:
        self.now = 0
        self.timeless = False
        self.current: Task | None = None
        self.events = 0
        self.tasks: list[Task] = []
        self.trace = trace
        self.order: Order = order or Fifo()
        self.ready: deque[Task] = deque()
        """The runnable, in order of arrival; only the engine adds to it."""
        self._heap: list[tuple[int, int, Task | Timer | TimeLimit]] = []
        self._sequence = 0
        self._until_ns = -1
        self._reasons: list[str] = []

    def spawn(self, name: str, generator: Steps, *, flags: int = 0, pid: int | None = None) -> Task:
        """Start a task now; it runs when the present one yields."""
        task = Task(name, generator, pid=len(self.tasks) + 1 if pid is None else pid, flags=flags)
        task.since_ns = task.started_ns = self.now
        self.tasks.append(task)
        self.ready.append(task)
        if self.trace is not None:
            task.attended = True
            self.trace.spawned(self.now, task)
        return task

    def call_at(self, time_ns: int, call: Callable[[], None]) -> Timer:
        """Call ``call`` at ``time_ns``, in interrupt context: it must not wait."""
        if time_ns < self.now:
            msg = f"timer at {time_ns} ns is before now, {self.now} ns"
            raise ValueError(msg)
        timer = Timer(call)
        self._sequence = sequence = self._sequence + 1
        heappush(self._heap, (time_ns, sequence, timer))
        return timer

    def call_after(self, delay_ns: int, call: Callable[[], None]) -> Timer:
        """Call ``call`` after ``delay_ns``."""
        return self.call_at(self.now + delay_ns, call)

    def elapse(self, delay_ns: int) -> bool:
        """Let the running task's CPU time pass now if nobody else is due by its end; say whether.

        Then it comes to the same as a yield of ``delay_ns``, which costs the way through the loop
        and all frames of the task: ``if not loop.elapse(ns): yield ns``.
        """
        due_ns = self.now + delay_ns
        if self.ready or due_ns > self._until_ns:
            return False
        heap = self._heap
        if heap:
            first = heap[0]
            if first[0] <= due_ns:
                if first[2] is not self.current:
                    return False
                # Its own entry stays on top while it runs: the next is one of the two below.
                if len(heap) > 2:
                    if heap[1][0] <= due_ns or heap[2][0] <= due_ns:
                        return False
                elif len(heap) == 2 and heap[1][0] <= due_ns:
                    return False
        self.now = due_ns
        self.events += 1
        return True

    def make_ready(self, task: Task, value: object = None) -> None:
        """Make a sleeping task, off its queue, runnable; ``value`` is what its yield gives."""
        if task.waits_on is not None and task.waits_on.uninterruptible:
            slept = self.now - task.since_ns
            task.uninterruptible_ns += slept
            if slept > task.longest_block_ns:
                task.longest_block_ns = slept
                task.longest_block_on = task.waits_for()
        task.waits_on = None
        task.value = value
        self.ready.append(task)
        if task.attended:
            task.time_limit = None
            task.attended = task.on_wake is not None or self.trace is not None
            if self.trace is not None:
                self.trace.woken(self.now, task, self.current)
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
        self._reasons.append(reason)
        self._until_ns = -1  # nothing elapses any more

    @property
    def stopped(self) -> str:
        """Why the run was stopped; empty while it goes on."""
        return self._reasons[0] if self._reasons else ""

    def run(self, until_ns: int) -> str:
        """Run until ``until_ns``, a stop or nothing left; return ``time``, ``idle`` or why."""
        # One long function, for every call and every look-up here is paid once an event.
        heap, ready, reasons = self._heap, self.ready, self._reasons
        push, pop, replace = heappush, heappop, heapreplace
        kind, queue_kind, int_kind, task_kind, timer_kind = type, WaitQueue, int, Task, Timer
        take = ready.popleft if type(self.order) is Fifo else self._pick
        self._until_ns = until_ns
        events = 0
        step: Any  # kind() tells what it is, which a type checker cannot follow
        due: Any
        try:
            while not reasons:
                if ready:
                    task = take()
                    events += 1
                    self.current = task
                    try:
                        step = task.send(task.value)
                    except StopIteration:
                        self._end(task)
                        continue
                    if kind(step) is queue_kind:
                        step.waiters.append(task)
                        task.waits_on = step
                        task.since_ns = self.now
                        if task.attended:
                            self._asleep(task)
                    elif kind(step) is int_kind and step >= 0:
                        self._sequence = sequence = self._sequence + 1
                        push(heap, (self.now + step, sequence, task))
                    else:
                        self._sleep(task, step)
                    continue
                if not heap:
                    return "idle"
                due_ns, _, due = heap[0]
                if due_ns > until_ns:
                    self.now = until_ns
                    return "time"
                self.now = due_ns
                if kind(due) is not task_kind:
                    pop(heap)
                    if kind(due) is not timer_kind:
                        self._give_up(due)
                    elif due.call is not None:
                        self.current = None
                        due.call()
                        events += 1
                    continue
                events += 1
                self.current = due
                # Its entry stays on top meanwhile: whatever is pushed is later. Sleeping again then
                # is one replacement, not a pop and a push.
                try:
                    step = due.send(None)
                except StopIteration:
                    pop(heap)
                    self._end(due)
                    continue
                except BaseException:
                    pop(heap)
                    raise
                if kind(step) is int_kind and step >= 0:
                    self._sequence = sequence = self._sequence + 1
                    replace(heap, (self.now + step, sequence, due))
                else:
                    pop(heap)
                    self._sleep(due, step)
            return reasons[0]
        finally:
            self.events += events

    def _pick(self) -> Task:
        ready = self.ready
        if len(ready) == 1:
            return ready.popleft()
        index = self.order.pick(len(ready))
        ready.rotate(-index)
        task = ready.popleft()
        ready.rotate(index)
        return task

    def _sleep(self, task: Task, step: object) -> None:
        # What a task may yield besides a time, which run() deals with itself.
        if type(step) is WaitQueue:
            queue = step
        elif type(step) is TimedWait:
            queue = step.queue
            if step.delay_ns < 0:
                msg = f"task {task.name} waits for {queue.name} {step.delay_ns} ns; time goes on"
                raise ValueError(msg)
            task.time_limit = TimeLimit(task)
            task.attended = True
            self._sequence += 1
            entry = (self.now + step.delay_ns, self._sequence, task.time_limit)
            heappush(self._heap, entry)
        elif type(step) is Choice:
            task.value = self.order.pick(step.count)
            self.ready.appendleft(task)
            return
        else:
            rule = "a task yields nanoseconds >= 0, a WaitQueue, a timed wait or a Choice"
            msg = f"task {task.name} yielded {step!r}; {rule}"
            raise TypeError(msg)
        queue.waiters.append(task)
        task.waits_on = queue
        task.since_ns = self.now
        self._asleep(task)

    def _asleep(self, task: Task) -> None:
        if task.on_sleep is not None:
            task.on_sleep(task)
        if self.trace is not None:
            self.trace.blocked(self.now, task)

    def _give_up(self, limit: TimeLimit) -> None:
        # A wait ends by itself, which is no event; nor is a limit that a wake-up has made void.
        task = limit.task
        if task.time_limit is limit and task.waits_on is not None:
            self.current = None
            task.waits_on.waiters.remove(task)
            self.make_ready(task, value=False)

    def _end(self, task: Task) -> None:
        task.ended = True
        task.since_ns = self.now
        if task.on_sleep is not None:
            task.on_sleep(task)
        if self.trace is not None:
            self.trace.ended(self.now, task)
