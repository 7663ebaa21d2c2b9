"""The statistics' own stream of random numbers: the same draws on every machine and every Python.

It is apart from the streams of a run on purpose: how a result is judged must never change what is
simulated. SplitMix64 (Steele, Lea, Flood 2014: "Fast splittable pseudorandom number generators").
"""

from __future__ import annotations

import zlib
from typing import Final

_MASK: Final = (1 << 64) - 1
_GAMMA: Final = 0x9E3779B97F4A7C15


class Dice:
    """A stream of draws, fixed by its name."""

    __slots__ = ("_state",)

    def __init__(self, name: str) -> None:
        self._state = zlib.crc32(name.encode())

    def bits(self) -> int:
        """Return 64 random bits."""
        self._state = (self._state + _GAMMA) & _MASK
        mixed = self._state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        return mixed ^ (mixed >> 31)

    def below(self, limit: int) -> int:
        """Return a whole number from 0 to ``limit`` - 1; the bias is under ``limit`` / 2**64."""
        return self.bits() * limit >> 64
