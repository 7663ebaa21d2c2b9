"""Times of rivals: run in turns in one process, CPU time of the thread, medians of the rounds."""

from __future__ import annotations

import gc
import time
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROUNDS = 7


def cpu_ns(call: Callable[[], object]) -> int:
    """Return the CPU time of one call, with the garbage collector held off."""
    gc.collect()
    gc.disable()
    try:
        start = time.thread_time_ns()
        call()
        return time.thread_time_ns() - start
    finally:
        gc.enable()


def medians(calls: Sequence[Callable[[], object]], rounds: int = ROUNDS) -> list[float]:
    """Return the median CPU time of each call; every round calls all of them in turn.

    Turns matter: when the machine slows down, it slows down all rivals.
    """
    for call in calls:
        call()  # warm: imports, inline caches, allocator
    times: list[list[int]] = [[] for _ in calls]
    for _ in range(rounds):
        for call, own in zip(calls, times, strict=True):
            own.append(cpu_ns(call))
    return [median(own) for own in times]
