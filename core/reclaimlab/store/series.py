"""Series as blobs: the differences of neighbours, as little-endian integers, compressed.

A sample costs about 4 bytes and 0.1 us, against 20 bytes and 4 us for a row of a table. What SQL
should see of a series (least, greatest, mean, last) stands in columns beside the blobs.
"""

from __future__ import annotations

import sys
import zlib
from array import array
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

CODEC: Final = "zlib(delta int64 little-endian)"
MOST_BYTES: Final = 1 << 26
"""Of one series, unpacked: a blob of 64 kB can claim to be that much, and more."""


def pack(values: Sequence[int]) -> bytes:
    """Return ``values`` as a blob; the first difference is the first value itself."""
    deltas = array("q", values[:1])
    deltas.extend(after - before for before, after in pairwise(values))
    _little_endian(deltas)
    return zlib.compress(deltas.tobytes(), level=1)


def unpack(blob: bytes) -> tuple[int, ...]:
    """Return the values of a blob that :func:`pack` made.

    Raises:
        ValueError: it is no such blob, or unpacks to more than :data:`MOST_BYTES`.
    """
    unpacking = zlib.decompressobj()
    try:
        data = unpacking.decompress(blob, MOST_BYTES)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    if not unpacking.eof:
        raise ValueError(f"a series is cut off, or longer than {MOST_BYTES // 8} numbers")
    deltas = array("q")
    deltas.frombytes(data)
    _little_endian(deltas)
    values: Iterable[int] = accumulate(deltas)
    return tuple(values)


def _little_endian(deltas: array[int]) -> None:
    if sys.byteorder == "big":
        deltas.byteswap()
