"""What the processes of one search have in common, in memory that they share by being forked."""

from __future__ import annotations

import mmap
import struct
from enum import IntEnum
from typing import Any, Final

from reclaimlab.explore.request import LostProcessError
from reclaimlab.explore.state import DIGEST_BYTES

LEAST_ROOM: Final = 1 << 16
"""States that the table has room for at least."""
EMPTY: Final = bytes(DIGEST_BYTES)
LOCK_S: Final = 20.0
"""A process that holds the lock for so long has been killed with it in its hands."""
_COUNT: Final = struct.Struct("Q")
_COUNT_AT, _OVER_AT, _HUNGRY_AT = 0, 8, 16


class Over(IntEnum):
    """Why all are to end."""

    NO = 0
    FINISHED = 1
    """Nobody has anything left to look at."""
    CUT = 2
    """A bound was met, or somebody failed."""
    VOID = 3
    """The order of pages makes a difference."""


class Board:
    """A table of the keys of all states that were met, and who has nothing to do.

    The number of a state is its place in the table. Who enters a key goes on from that state; no
    other process does.
    """

    def __init__(self, context: Any, processes: int, most_states: int) -> None:
        room = max(LEAST_ROOM, 2 * most_states)
        self._mask = (1 << (room - 1).bit_length()) - 1
        self._table = mmap.mmap(-1, (self._mask + 1) * DIGEST_BYTES)
        self._head = mmap.mmap(-1, mmap.PAGESIZE)
        self._lock = context.Lock()
        self._processes = processes

    @property
    def over(self) -> Over:
        """Whether all are to end, and why."""
        return Over(self._head[_OVER_AT])

    @property
    def states(self) -> int:
        """How many states were met."""
        count: int = _COUNT.unpack_from(self._head, _COUNT_AT)[0]
        return count

    def end(self, why: Over) -> None:
        """Have all end; the first reason counts."""
        if not self._head[_OVER_AT]:
            self._head[_OVER_AT] = why

    def number(self, key: bytes) -> int | None:
        """Return the number of the state with this key; None if it was not met."""
        place, found = self._probe(key)
        return place if found else None

    def enter(self, key: bytes) -> tuple[int, bool]:
        """Enter a key; return its number and whether it is new."""
        place, found = self._probe(key)
        if found:
            return place, False
        self._take_lock()
        try:
            place, found = self._probe(key)
            if found:
                return place, False
            self._table[place * DIGEST_BYTES : (place + 1) * DIGEST_BYTES] = key
            _COUNT.pack_into(self._head, _COUNT_AT, self.states + 1)
            return place, True
        finally:
            self._lock.release()

    def _probe(self, key: bytes) -> tuple[int, bool]:
        """Return the place of a key, or the free one where it belongs."""
        place = int.from_bytes(key[:8], "little") & self._mask
        while True:
            found = self._table[place * DIGEST_BYTES : (place + 1) * DIGEST_BYTES]
            if found == key:
                return place, True
            if found == EMPTY:
                return place, False
            place = (place + 1) & self._mask

    def starve(self, who: int) -> None:
        """Note that a process has nothing to do; the last one ends the search."""
        self._take_lock()
        self._head[_HUNGRY_AT + who] = 1
        if all(self._head[_HUNGRY_AT : _HUNGRY_AT + self._processes]):
            self.end(Over.FINISHED)
        self._lock.release()

    def is_anybody_hungry(self) -> bool:
        """Return whether a process has nothing to do."""
        return self._head.find(b"\1", _HUNGRY_AT, _HUNGRY_AT + self._processes) >= 0

    def feed(self) -> int:
        """Choose a process that has nothing to do, which has from now on; -1 if there is none."""
        self._take_lock()
        place = self._head.find(b"\1", _HUNGRY_AT, _HUNGRY_AT + self._processes)
        if place >= 0:
            self._head[place] = 0
        self._lock.release()
        return place - _HUNGRY_AT if place >= 0 else -1

    def _take_lock(self) -> None:
        if not self._lock.acquire(timeout=LOCK_S):
            msg = "a process that explores was killed while it held the table of states"
            raise LostProcessError(msg)
