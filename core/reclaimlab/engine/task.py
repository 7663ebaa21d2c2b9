"""A task: a generator that runs until it yields what it waits for.

Kernel functions compose with ``yield from`` and carry the kernel's names, so the chain of suspended
frames *is* the kernel stack. A function whose name starts with a single underscore is ours, not the
kernel's, and does not show.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator
from types import GeneratorType
from typing import TYPE_CHECKING, Any, cast

from reclaimlab.engine.wait import Choice, TimedWait, WaitQueue

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reclaimlab.engine.loop import TimeLimit
    from reclaimlab.engine.wait import Resource

Step = int | WaitQueue | TimedWait | Choice
"""What model code may yield: nanoseconds of work, a queue, a timed wait, a choice."""
Steps = Generator[Step, Any, Any]
NO_STEPS = cast("Steps", ())
"""What a function of type Steps returns when there is nothing to wait for: cheaper than a frame."""


def _is_kernel(name: str) -> bool:
    return not name.startswith("_") or name.startswith("__")


def _running_stack() -> tuple[str, ...]:
    """Return the stack of the task that runs now, from Python's own frames."""
    names: list[str] = []
    frame = inspect.currentframe()
    while frame is not None:
        if frame.f_code.co_flags & inspect.CO_GENERATOR:
            names.append(frame.f_code.co_name)
        elif names and frame.f_code.co_name == "run":
            break  # the event loop
        frame = frame.f_back
    return tuple(name for name in names if _is_kernel(name))


class Task:
    """One thread of the simulated machine.

    States: ``R`` running or runnable, ``S``, ``D``, ``K`` asleep on a queue (see WaitQueue), ``X``
    dead. A yield moves it from R to asleep; a wake-up or a timer moves it back; the end of its
    generator, or nothing else, makes it dead.

    Attributes:
        flags: the kernel's PF_ bits; model code sets and restores them.
        since_ns: when it entered its state.
        waits_on: the queue it sleeps on, if any.
        time_limit: set while its wait ends by itself.
        longest_block_ns, longest_block_on: longest time asleep in ``D`` so far, and on what.
        uninterruptible_ns: all time asleep in ``D`` so far.
        attended: a wake-up must do more than make it runnable: lift a time limit, call on_wake.
        owner: whatever the model attaches (a process, a worker).
    """

    __slots__ = (
        "attended",
        "ended",
        "flags",
        "generator",
        "killed",
        "longest_block_ns",
        "longest_block_on",
        "name",
        "on_sleep",
        "on_wake",
        "owner",
        "pid",
        "send",
        "since_ns",
        "started_ns",
        "time_limit",
        "uninterruptible_ns",
        "value",
        "waits_on",
    )  # fmt: skip

    def __init__(self, name: str, generator: Steps, *, pid: int, flags: int = 0) -> None:
        self.name = name
        self.generator: Any = generator
        self.send: Callable[[Any], Step] = generator.send
        self.pid = pid
        self.flags = flags
        self.since_ns = 0
        self.started_ns = 0
        self.waits_on: WaitQueue | None = None
        self.time_limit: TimeLimit | None = None
        self.value: object = None
        self.killed = False
        self.ended = False
        self.attended = False
        self.longest_block_ns = 0
        self.longest_block_on = ""
        self.uninterruptible_ns = 0
        self.on_sleep: Callable[[Task], None] | None = None
        self.on_wake: Callable[[Task], None] | None = None
        self.owner: Any = None

    def __repr__(self) -> str:
        where = f" on {self.waits_on.name}" if self.waits_on else ""
        return f"<Task {self.name}:{self.pid} {self.state}{where}>"

    @property
    def label(self) -> str:
        """``name:pid``, as a hung-task report writes it."""
        return f"{self.name}:{self.pid}"

    def attend(self, on_sleep: Callable[[Task], None], on_wake: Callable[[Task], None]) -> None:
        """Have these called whenever it goes to sleep (or ends) and whenever it is woken."""
        self.on_sleep = on_sleep
        self.on_wake = on_wake
        self.attended = True

    @property
    def state(self) -> str:
        """``R``, ``S``, ``D``, ``K`` or ``X``: made from what it waits on, not kept."""
        if self.ended:
            return "X"
        return "R" if self.waits_on is None else self.waits_on.state

    @property
    def alive(self) -> bool:
        """Whether it has not ended."""
        return not self.ended

    def stack(self) -> tuple[str, ...]:
        """Return the kernel functions it is in, innermost first."""
        if self.ended:
            return ()
        if self.generator.gi_running:
            return _running_stack()
        names: list[str] = []
        frame: object = self.generator
        while isinstance(frame, GeneratorType):
            names.append(frame.gi_code.co_name)
            frame = frame.gi_yieldfrom
        return tuple(name for name in reversed(names) if _is_kernel(name))

    def waits_for(self) -> str:
        """Return what it sleeps for, in words; empty if it does not."""
        if self.waits_on is None:
            return ""
        resource = self.waits_on.resource
        return resource.label if resource is not None else self.waits_on.name

    def releasers(self) -> Iterable[Task | Resource]:
        """Return who can make it go on: the releasers of what it waits for."""
        if self.waits_on is None or self.waits_on.resource is None:
            return ()
        return (self.waits_on.resource,)
