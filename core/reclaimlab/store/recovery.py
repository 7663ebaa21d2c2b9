"""What the next start says of work that was cut off: what is there, and how to go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.errors import StoreError
from reclaimlab.store.begun import take_cut_off

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def recovered(store: Path) -> tuple[str, ...]:
    """Return a line for each comparison or sweep whose process was killed; each is told once."""
    return tuple(
        f"store {store}: {line}"
        for kind, name in sorted(take_cut_off(store))
        for line in (_comparison(store, name) if kind == "comparison" else _sweep(store, name))
    )


# Without a mark there is nothing to read, and a command need not load SQLite to say so.


def _comparison(store: Path, name: str) -> Iterator[str]:
    from reclaimlab.store.reader import StoreReader

    try:
        with StoreReader(store) as reader:
            (found,) = [each for each in reader.comparisons() if each.id == name]
    except (StoreError, ValueError):
        return  # cut off before its first line was there, or deleted since
    there, planned = found.stored_runs, found.head.planned_runs
    what = f"comparison {name} of {found.head.scenario} was cut off; {there} of its {planned} runs"
    if not there:
        yield f"{what} were stored; `reclaimlab runs delete {name}` takes it away"
    elif there < planned:
        yield f"{what} are stored, all whole; `reclaimlab runs resume {name}` makes the others"
    else:
        yield f"{what} are stored, all whole: nothing is lost"


def _sweep(store: Path, name: str) -> Iterator[str]:
    from reclaimlab.store.sweeps import SweepReader

    try:
        with SweepReader(store) as reader:
            found = reader.sweep(name)
    except StoreError:
        return
    yield (
        f"{found.head.kind} {name} of {found.head.scenario} was cut off; {found.stored_runs} runs "
        "of it are stored, all whole; the same command goes on where it was"
    )
