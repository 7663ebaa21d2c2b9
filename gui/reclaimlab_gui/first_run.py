"""The first start: the hang of July 2013 is there already, computed when the package was made."""

from __future__ import annotations

import lzma
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from reclaimlab.files import write_whole

if TYPE_CHECKING:
    from pathlib import Path

SAMPLE: Final = "july-2013.sqlite.xz"
"""A store of one comparison, made by ``python -m reclaimlab_gui.make_sample``."""


def sample_store() -> bytes:
    """Return the bytes of the store that comes with the package."""
    return lzma.decompress((files("reclaimlab_gui") / "resources" / SAMPLE).read_bytes())


def offer_first_comparison(database: Path) -> bool:
    """Put the sample where no store is yet; say whether that was done.

    A folder that cannot be written is no reason not to start: the window then says that no
    comparison is stored.
    """
    if database.exists():
        return False
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        write_whole(database, sample_store())
    except OSError:
        return False
    return True
