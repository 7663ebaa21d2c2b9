"""On which line of a TOML text a dotted path stands, which ``tomllib`` does not tell.

It reads only texts that ``tomllib`` has accepted, so it need not find mistakes, only its way: past
strings, comments and brackets that go over several lines.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_PART: Final = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')"""
_PATH: Final = rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*"
_HEADER: Final = re.compile(rf"[ \t]*\[\[?[ \t]*({_PATH})[ \t]*\]")
_KEY: Final = re.compile(rf"[ \t]*({_PATH})[ \t]*=")
_TOKEN: Final = re.compile(
    r'''"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?'{3,5}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|\#[^\n]*|[\[{\]}]|\n|[^"'\#\[{\]}\n]+''',
    re.DOTALL,
)


class LineIndex:
    """The first line of every table and key of one text."""

    def __init__(self, text: str) -> None:
        self._lines: dict[tuple[str, ...], int] = {}
        table: tuple[str, ...] = ()
        position, line = 0, 1
        while position < len(text):
            if header := _HEADER.match(text, position):
                table = self._note((), header.group(1), line)
            elif key := _KEY.match(text, position):
                self._note(table, key.group(1), line)
            end = _end_of_statement(text, position)
            line += text.count("\n", position, end)
            position = end

    def line(self, path: Sequence[str]) -> int | None:
        """Return the line of ``path``, or else of the nearest thing above it that has one."""
        for length in range(len(path), 0, -1):
            if (line := self._lines.get(tuple(path[:length]))) is not None:
                return line
        return None

    def _note(self, table: tuple[str, ...], dotted: str, line: int) -> tuple[str, ...]:
        path = table + tuple(part.strip("\"'") for part in re.findall(_PART, dotted))
        for length in range(len(table) + 1, len(path) + 1):
            self._lines.setdefault(path[:length], line)
        return path


def _end_of_statement(text: str, position: int) -> int:
    # Behind the newline that ends the header, key or comment that begins at `position`.
    depth = 0
    while match := _TOKEN.match(text, position):
        position = match.end()
        token = match.group()
        if token == "\n" and depth <= 0:
            break
        depth += (token in "[{") - (token in "]}")
    else:
        return len(text)
    return position
