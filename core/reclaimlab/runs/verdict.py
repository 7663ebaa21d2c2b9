"""A contender's verdict over its seeds: the worst, with counts."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from reclaimlab.measure.records import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def count_verdicts(verdicts: Iterable[Verdict]) -> dict[Verdict, int]:
    """Return how often each verdict came up, worst first; what never came up is absent."""
    counts = Counter(verdicts)
    return {verdict: counts[verdict] for verdict in Verdict if counts[verdict]}


def worst(counts: Mapping[Verdict, int]) -> Verdict | None:
    """Return the verdict of a contender whose runs came to ``counts``; None without any run."""
    return min(counts, key=lambda verdict: verdict.severity, default=None)


def describe_counts(counts: Mapping[Verdict, int]) -> str:
    """Return ``counts`` in words, worst first: ``deadlock in 3 of 20, ok in 17``."""
    total = sum(counts.values())
    ordered = sorted(counts, key=lambda verdict: verdict.severity)
    if len(ordered) == 1 and total == 1:
        return str(ordered[0])
    parts = [f"{verdict} in {counts[verdict]}" for verdict in ordered]
    return ", ".join([f"{parts[0]} of {total}", *parts[1:]]) if parts else "no run ended"
