"""Whether a comparison has seeds enough for what its scenario decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.stats.enough import seeds_for_ratio, seeds_for_share

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reclaimlab.runs.comparison import Comparison, ContenderSummary


def seeds_needed(comparison: Comparison) -> int:
    """Return how many seeds would be enough for every contender; no fewer than it has."""
    each = (_of(comparison, contender) for contender in comparison.contenders)
    return max((len(comparison.head.seeds), *each))


def seed_warnings(comparison: Comparison) -> tuple[str, ...]:
    """Return a sentence for each contender that more seeds would tell more of."""
    return tuple(_warnings(comparison))


def _warnings(comparison: Comparison) -> Iterator[str]:
    head = comparison.head
    for contender in comparison.contenders:
        needed, seeds = _of(comparison, contender), sum(contender.verdicts.values())
        if seeds and needed > seeds:
            yield (
                f"{contender.contender}: {seeds} seeds are too few for {head.decides}; "
                f"about {needed} would be enough"
            )


def _of(comparison: Comparison, contender: ContenderSummary) -> int:
    judged = comparison.pair(contender.contender, comparison.head.decides)
    seeds = sum(contender.verdicts.values())
    if judged is not None:
        metrics = sum(pair.b == contender.contender for pair in comparison.pairs)
        return seeds_for_ratio(judged, seeds, metrics)
    if comparison.head.decides != "verdict":
        return 0  # the baseline, which is compared with nothing
    # The verdict that needs most: the one that is nearest to every other run.
    counts = contender.verdicts.values()
    return max((seeds_for_share(count, seeds) for count in counts), default=0)
