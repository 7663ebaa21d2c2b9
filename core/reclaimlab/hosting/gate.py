"""What a policy may not touch while it answers: dice, clocks and threads; refused by name.

A run is determined by scenario, contender, seed and schedule, so a hook that asks a clock would
make runs that nobody can make again. In a process that simulates, :func:`shut` puts a check before
each of these functions; it acts only while a hook of somebody else's policy runs.
"""

from __future__ import annotations

import functools
import os
import random
import threading
import time
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from reclaimlab.policy.table import Guard

FORBIDDEN: Final[tuple[tuple[Any, tuple[str, ...]], ...]] = (
    (
        random,
        (
            "random", "randint", "randrange", "choice", "choices", "shuffle", "sample", "uniform",
            "gauss", "getrandbits", "randbytes", "seed", "expovariate", "triangular",
        ),
    ),
    (
        time,
        (
            "time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns",
            "process_time", "process_time_ns", "thread_time", "sleep",
        ),
    ),
    (os, ("urandom", "fork", "system", "kill")),
    (threading.Thread, ("start",)),
)  # fmt: skip
"""Where each function is, and its names."""


class GateError(Exception):
    """A hook called what it may not call."""


class _Inside:
    """Which hook of whose policy is running; empty: none."""

    hook = ""


_inside: Final = _Inside()


def guard_of(policies: frozenset[str]) -> Guard:
    """Return the guard of a hook table: the functions of these policies run behind the gate."""

    def guard(policy: str, hook: str, function: Callable[..., Any]) -> Callable[..., Any]:
        return behind_gate(hook, function) if policy in policies else function

    return guard


def behind_gate(hook: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return ``function`` so that the gate knows when it runs."""
    inside = _inside

    def guarded(*arguments: Any) -> Any:
        inside.hook = hook
        try:
            return function(*arguments)
        finally:
            inside.hook = ""

    return guarded


@functools.cache
def shut() -> None:
    """Put the check before each forbidden function, for as long as this process lives."""
    for owner, names in FORBIDDEN:
        for name in names:
            if hasattr(owner, name):
                setattr(owner, name, _checked(owner.__name__, name, getattr(owner, name)))


def _checked(owner: str, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def checked(*arguments: Any, **keywords: Any) -> Any:
        if _inside.hook:
            msg = f"{_inside.hook} calls {owner}.{name}(): a hook has no clock, dice or threads"
            raise GateError(msg)
        return original(*arguments, **keywords)

    return checked


def inside() -> str:
    """Return the hook of somebody else's policy that is running; empty if none is."""
    return _inside.hook
