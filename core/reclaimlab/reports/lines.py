"""Lines for mailing lists: pure ASCII, never wider than 72 columns, whatever the names are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

WIDTH: Final = 72


def plain(text: str) -> str:
    """Return ``text`` on one line of printable ASCII; anything else is written as its escape."""
    ascii_text = text.encode("ascii", "backslashreplace").decode("ascii")
    return "".join(
        letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in ascii_text
    )


def wrapped(text: str, *, start: str = "", indent: str = "", width: int = WIDTH) -> list[str]:
    """Return ``text`` in lines that break at spaces, or anywhere in a word that fits no line.

    The first line begins with ``start``, the others with ``indent``.
    """
    return joined(plain(text).split(), " ", start=start, indent=indent, width=width)


def joined(
    parts: Iterable[str], glue: str, *, start: str = "", indent: str = "", width: int = WIDTH
) -> list[str]:
    """Return ``parts`` glued together, in lines that break after a glue where they can."""
    *pieces, last = [plain(part) for part in parts] or [""]
    lines = [start]
    for piece in (*(piece + glue for piece in pieces), last):
        for chunk in _chunks(piece, width - max(len(start), len(indent))):
            if lines[-1].strip() and len((lines[-1] + chunk).rstrip()) > width:
                lines.append(indent)
            lines[-1] += chunk
    return [line.rstrip() for line in lines]


def label(name: str, width: int) -> list[str]:
    """Return a contender's name in pieces of at most ``width``, broken between its parts."""
    lines = [""]
    for piece in re.split(r"(?=\+)|(?<=[(,])", plain(name)):
        for chunk in _chunks(piece, width - 1):
            if lines[-1].strip() and len(lines[-1] + chunk) > width:
                lines.append(" ")
            lines[-1] += chunk
    return lines


def _chunks(piece: str, width: int) -> Iterator[str]:
    yield from (piece[start : start + width] for start in range(0, len(piece), width))
