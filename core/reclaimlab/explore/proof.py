"""The proof table: what each contender comes to in each cell, a cell being one setting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reclaimlab.explore.request import PropertyName

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reclaimlab.explore.request import Exploration
    from reclaimlab.hosting.catalog import Catalog

WORDS: Final = {
    PropertyName.NO_DEADLOCK: "deadlock",
    PropertyName.PROGRESS: "livelock",
    PropertyName.NO_PREMATURE_OOM: "early OOM",
    PropertyName.ALL_CLEANED: "uncleaned",
    PropertyName.INVARIANTS: "broken invariant",
}
FOLLOWS: Final = {
    PropertyName.PROGRESS: PropertyName.NO_DEADLOCK,
    PropertyName.ALL_CLEANED: PropertyName.PROGRESS,
}
"""A property that a violation of another one takes along."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What one exploration came to."""

    contender: str
    setting: str
    outcome: str
    states: int


def outcome(found: Exploration) -> str:
    """Return what was found, in a word or two; how sure it is, where nothing was."""
    words = [WORDS[name] for name in PropertyName if name in found.violations and _own(name, found)]
    words += [f"no {name}" for name in found.brought if name in found.violations]
    if found.exhausted:
        return ", ".join(words) or "proved"
    return ", ".join([*words, "not all seen"])


def _own(name: PropertyName, found: Exploration) -> bool:
    cause: PropertyName | None = FOLLOWS.get(name)
    while cause is not None:
        if cause in found.violations:
            return False
        cause = FOLLOWS.get(cause)
    return True


def contenders(catalog: Catalog, base: str) -> list[str]:
    """Return every kernel, and every fix over ``base``, which comes first."""
    names = [
        name if policy.info.kind == "kernel" else f"{base}+{name}"
        for name, policy in catalog.policies.items()
    ]
    return list(dict.fromkeys([base, *names]))


def rows(cells: Sequence[Cell]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return the table: a row a contender, a column a setting, and the states of all together."""
    settings = list(dict.fromkeys(cell.setting for cell in cells))
    of: dict[str, dict[str, Cell]] = {}
    for cell in cells:
        of.setdefault(cell.contender, {})[cell.setting] = cell
    head = ("contender", *(each or "as it is" for each in settings), "states")
    return head, [
        (
            name,
            *(own[each].outcome if each in own else "" for each in settings),
            str(sum(cell.states for cell in own.values())),
        )
        for name, own in of.items()
    ]


def markdown(cells: Sequence[Cell]) -> str:
    """Return the table for a README: what follows from the model, not how many states it took."""
    head, *body = (line[:-1] for line in (rows(cells)[0], *rows(cells)[1]))
    lines = ["| " + " | ".join(line) + " |" for line in (head, ("---",) * len(head), *body)]
    return "\n".join(lines)
