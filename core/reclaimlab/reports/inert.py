"""Text of others made inert: no line, direction or invisible mark of its own."""

from __future__ import annotations

import unicodedata
from typing import Final

# Controls, formats (direction marks, joiners), private use, lone surrogates, ends of lines.
_ACTIVE: Final = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def inert(text: str) -> str:
    """Return ``text`` on one line; what a reader would not see as a letter is its escape."""
    return "".join(
        letter.encode("ascii", "backslashreplace").decode()
        if ord(letter) > 0x7F and unicodedata.category(letter) in _ACTIVE
        else f"\\x{ord(letter):02x}"
        if unicodedata.category(letter) in _ACTIVE
        else letter
        for letter in text
    )


def spreadsheet_cell(text: str) -> str:
    """Return ``text`` as a cell that no spreadsheet takes for a formula.

    What may begin one gets an apostrophe before it, as spreadsheets themselves mark text.
    """
    start = text.lstrip()
    return inert(f"'{text}" if start.startswith(_FORMULA) or text.startswith(_FORMULA) else text)
