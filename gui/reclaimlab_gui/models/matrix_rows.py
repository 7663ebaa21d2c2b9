"""Scenarios times contenders: what the newest comparison of each pair came to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab_gui.models.heat_map import Heat, Spot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reclaimlab.store.records import VerdictCell


def matrix_heat(found: Sequence[VerdictCell]) -> Heat:
    """Return the heat map of ``found``, which is newest first; a click opens what it shows."""
    pairs: dict[tuple[str, str], list[VerdictCell]] = {}
    for each in found:
        pairs.setdefault((each.scenario, each.contender), []).append(each)
    contenders = {contender for _, contender in pairs}
    return Heat(
        tuple(sorted({scenario for scenario, _ in pairs})),
        tuple(sorted(contenders, key=_place)),
        {pair: _spot(cells) for pair, cells in pairs.items()},
    )


def _place(contender: str) -> tuple[tuple[int, ...], str]:
    """Kernels by their version, each before its fixes."""
    kernel, _, fixes = contender.partition("+")
    numbers = kernel.rpartition("-")[2].split(".")
    return tuple(int(each) if each.isdigit() else 0 for each in numbers), fixes


def _spot(cells: Sequence[VerdictCell]) -> Spot:
    newest, *older = cells
    lines = [
        f"{newest.scenario}, {newest.contender}",
        f"{newest.verdict} in {newest.count} of {newest.runs} runs, comparison {newest.comparison}",
        *(
            f"before: {each.verdict} {each.count}/{each.runs}, {each.comparison}"
            for each in older[:5]
        ),
    ]
    if len(older) > 5:
        lines.append(f"and {len(older) - 5} older comparisons")
    text = f"{newest.verdict} {newest.count}/{newest.runs}"
    return Spot(newest.verdict, text, "\n".join(lines), newest.comparison)
