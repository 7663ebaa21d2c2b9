"""Named streams of random numbers, all grown from one seed.

Each consumer has a stream of its own, so that one contender's extra draw shifts nobody else's
numbers: the same seed means the same disk and the same writers for every contender (common random
numbers). Only exact operations are used (no ``log``, no ``pow``): the same bytes on every machine.
"""

from __future__ import annotations

import hashlib
import random


class Stream:
    """One named stream of random numbers."""

    __slots__ = ("_random", "name")

    def __init__(self, seed: int, name: str) -> None:
        self.name = name
        digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
        self._random = random.Random(int.from_bytes(digest[:8], "big"))

    def below(self, bound: int) -> int:
        """Return an int in ``[0, bound)``; ``bound`` must be positive."""
        # getrandbits and a multiply-shift: one draw, no rejection loop, same on every version.
        return self._random.getrandbits(32) * bound >> 32

    def between(self, low: int, high: int) -> int:
        """Return an int in ``[low, high]``."""
        return low + self.below(high - low + 1)

    def spread(self, value: int, permille: int) -> int:
        """Return ``value`` changed by up to ``permille`` thousandths either way."""
        if not permille or not value:
            return value
        span = 2 * permille + 1
        return value + value * ((self._random.getrandbits(32) * span >> 32) - permille) // 1000


class Streams:
    """All streams of a run, by name."""

    __slots__ = ("_seed", "_streams")

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._streams: dict[str, Stream] = {}

    def __getitem__(self, name: str) -> Stream:
        stream = self._streams.get(name)
        if stream is None:
            stream = self._streams[name] = Stream(self._seed, name)
        return stream
