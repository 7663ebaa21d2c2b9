"""Sizes, rates and times: how they are typed inside and how people write them.

Inside, a size is an ``int`` of bytes or pages and a time an ``int`` of nanoseconds; the ``NewType``
says which. Outside, people write ``4GiB``, ``20MB/s`` or ``10ms``. As in the kernel's own
``memparse()``, a bare ``K``, ``M`` or ``G`` is binary; ``kB``, ``MB`` and ``GB`` are decimal, as on
a device's data sheet and in the recordings.
"""

from __future__ import annotations

import re
from typing import Final, NewType

Pages = NewType("Pages", int)
Bytes = NewType("Bytes", int)
Nanoseconds = NewType("Nanoseconds", int)

PAGE_SHIFT: Final = 12
PAGE_SIZE: Final = 1 << PAGE_SHIFT
KIB: Final = 1 << 10
MIB: Final = 1 << 20
GIB: Final = 1 << 30
USEC: Final = 1_000
MSEC: Final = 1_000_000
SEC: Final = 1_000_000_000

_SIZE_UNITS: Final = {
    "": 1, "b": 1,
    "k": KIB, "kib": KIB, "kb": 1_000,
    "m": MIB, "mib": MIB, "mb": 1_000_000,
    "g": GIB, "gib": GIB, "gb": 1_000_000_000,
    "t": 1 << 40, "tib": 1 << 40, "tb": 1_000_000_000_000,
}  # fmt: skip
_TIME_UNITS: Final = {
    "ns": 1, "us": USEC, "ms": MSEC, "s": SEC, "min": 60 * SEC, "h": 3600 * SEC,
}  # fmt: skip
_QUANTITY: Final = re.compile(r"\s*([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*([A-Za-z]*)\s*")
_NEGATIVE: Final = re.compile(r"\s*[-\N{MINUS SIGN}][0-9.]")


class UnitError(ValueError):
    """A quantity that cannot be read; the message says what would be."""


def _scaled(text: str, units: dict[str, int], *, default: str, example: str) -> int:
    match = _QUANTITY.fullmatch(text)
    if match is None:
        what = "is below zero" if _NEGATIVE.match(text) else "is not a quantity"
        msg = f"{text!r} {what}; write a number and a unit, such as {example}"
        raise UnitError(msg)
    number, unit = match.groups()
    scale = units.get((unit or default).lower())
    if scale is None:
        known = ", ".join(name for name in units if name)
        msg = f"{text!r} has the unknown unit {unit!r}; known are {known} (for example {example})"
        raise UnitError(msg)
    whole, _, fraction = number.partition(".")
    # Exact integer arithmetic: the same text is the same number on every machine.
    return int(whole or 0) * scale + (
        int(fraction) * scale // 10 ** len(fraction) if fraction else 0
    )


def parse_bytes(text: str | int) -> Bytes:
    """Return the bytes that ``text`` names, such as ``"20M"``, ``"512KiB"`` or ``"5MB"``.

    Raises:
        UnitError: not a number, or an unknown unit.
    """
    return Bytes(
        text if isinstance(text, int) else _scaled(text, _SIZE_UNITS, default="b", example="20MiB")
    )


def parse_rate(text: str | int) -> Bytes:
    """Return the bytes a second that ``text`` names; ``"20MB/s"`` and ``"20MB"`` are the same.

    Raises:
        UnitError: not a number, or an unknown unit.
    """
    return parse_bytes(text.removesuffix("/s") if isinstance(text, str) else text)


def parse_time(text: str | int) -> Nanoseconds:
    """Return the nanoseconds that ``text`` names, such as ``"10ms"``; a bare number is seconds.

    Raises:
        UnitError: not a number, or an unknown unit.
    """
    return Nanoseconds(
        text * SEC
        if isinstance(text, int)
        else _scaled(text, _TIME_UNITS, default="s", example="10ms")
    )


def _exact(value: int, units: tuple[tuple[str, int], ...]) -> str:
    for name, scale in units:
        if value >= scale and value % scale == 0:
            return f"{value // scale}{name}"
    name, scale = next(((n, s) for n, s in units if value >= s), units[-1])
    return f"{value / scale:.6g}{name}"


def format_bytes(value: int) -> str:
    """Return ``value`` bytes as people write them; :func:`parse_bytes` reads multiples back."""
    if value and value % KIB and value % 1000 == 0:
        return _exact(value, (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)))
    return _exact(value, (("GiB", GIB), ("MiB", MIB), ("KiB", KIB), ("B", 1)))


def format_time(value: int) -> str:
    """Return ``value`` ns as people write them; :func:`parse_time` reads multiples back."""
    return _exact(value, (("s", SEC), ("ms", MSEC), ("us", USEC), ("ns", 1)))


def pages(size: int) -> Pages:
    """Return how many whole pages hold ``size`` bytes."""
    return Pages(-(-size // PAGE_SIZE))
