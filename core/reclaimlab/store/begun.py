"""What a process is at work on: a locked file beside the store, which outlives a kill -9.

The lock goes with the process, the file does not. So a file that nobody has locked names something
that was cut off, and the next start can say so.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
from typing import TYPE_CHECKING, Final, Literal

from reclaimlab.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

Kind = Literal["comparison", "sweep"]

_NAME: Final = re.compile(r"\.begun-(?P<kind>comparison|sweep)-(?P<id>[0-9a-f]{1,64})-[0-9a-f]{6}")


class Begun:
    """A comparison or a sweep that this process is at, from its making until :meth:`ended`.

    Raises:
        StoreError: nothing can be written beside the store.
    """

    def __init__(self, store: Path, kind: Kind, name: str) -> None:
        unique = f"{secrets.randbits(24):06x}"  # the shards of one sweep may be under way at once
        self._file = store.with_name(f"{store.name}.begun-{kind}-{name}-{unique}")
        self._lock: int | None = None
        try:
            while self._lock is None:
                self._lock = _locked(self._file)
        except OSError as error:
            raise StoreError(f"store {store}: {self._file}: {error.strerror}") from error

    def ended(self) -> None:
        """Say that it is no longer under way, whether it is whole or not."""
        if self._lock is not None:
            with contextlib.suppress(OSError):
                self._file.unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = None


def _locked(file: Path) -> int | None:
    """Return a locked file of this name; None if one that looks for cut-off work was quicker."""
    lock = os.open(file, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o644)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        if os.path.samestat(os.fstat(lock), file.stat()):
            return lock
    except FileNotFoundError:
        pass
    os.close(lock)
    return None


def take_cut_off(store: Path) -> set[tuple[Kind, str]]:
    """Return what was cut off before its end, and forget it: each is told of once."""
    found: set[tuple[Kind, str]] = set()
    for file in sorted(store.absolute().parent.glob(f"{_literal(store.name)}.begun-*")):
        named = _NAME.fullmatch(file.name.removeprefix(store.name))
        if named and _abandoned(file):
            kind: Kind = "sweep" if named["kind"] == "sweep" else "comparison"
            found.add((kind, named["id"]))
    return found


def _literal(name: str) -> str:
    return re.sub(r"([\[*?])", r"[\1]", name)


def _abandoned(file: Path) -> bool:
    """Remove a file whose process is gone; False if it is alive, or another one was quicker."""
    try:
        lock = os.open(file, os.O_RDWR | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        file.unlink()
    except OSError:
        return False
    finally:
        os.close(lock)
    return True
