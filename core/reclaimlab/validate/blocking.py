"""Classes of what a task was in, from its stack; the recordings' tables use the same rules."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

RUNNING: Final = "running"
_FUNCTIONS: Final = ("reclaim_throttle", "balance_dirty_pages", "mem_cgroup_oom", "shrink_slab")
_SLEEPS: Final = ("__schedule", "schedule", "io_schedule", "__wait", "wait_", "bit_wait")


def class_of(stack: tuple[str, ...]) -> str:
    """Return the class of a sleeping task's stack, innermost function first."""
    if "folio_wait_writeback" in stack or "wait_on_page_bit" in stack:
        in_reclaim = "shrink_folio_list" in stack or "shrink_page_list" in stack
        return "folio_wait_writeback" if in_reclaim else "folio_wait_writeback (other)"
    for function in _FUNCTIONS:
        if any(name.startswith(function) for name in stack):
            return function
    named = [name for name in stack if not name.startswith(_SLEEPS)]
    return named[0] if named else "asleep"


def shares(samples: Iterable[tuple[str, int]]) -> dict[str, float]:
    """Return each class's share of all samples, the largest first."""
    counts: Counter[str] = Counter()
    for name, count in samples:
        counts[name] += count
    total = counts.total()
    return {name: count / total for name, count in counts.most_common()} if total else {}


def dominant(blocking: Mapping[str, float]) -> str:
    """Return the class that a task was blocked in most; empty if it never was."""
    blocked = {name: share for name, share in blocking.items() if name != RUNNING}
    return max(blocked, key=lambda name: blocked[name], default="")
