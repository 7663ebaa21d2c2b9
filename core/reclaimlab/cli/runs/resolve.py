"""Finding the comparison that a command names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.store.reader import StoreReader

if TYPE_CHECKING:
    from pathlib import Path


def resolve(db: Path, name: str) -> str:
    """Return the full id of the comparison called ``name`` in the store ``db``.

    Raises:
        StoreError: there is no such store or comparison.
    """
    with StoreReader(db) as reader:
        return reader.resolve(name)
