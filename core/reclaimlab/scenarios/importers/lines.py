"""The lines of a file that somebody else made: as a stream, and refused if it is no text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reclaimlab.errors import RecordingError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LONGEST: Final = 1 << 16


def text_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield number and text of each line, without its end; one at a time is held in memory.

    Raises:
        RecordingError: the file cannot be read, is empty, is binary, or has an endless line.
    """
    number = 0
    try:
        with path.open("rb") as file:
            while raw := file.readline(_LONGEST):
                number += 1
                yield number, _decoded(path, number, raw)
    except OSError as error:
        what = "is a folder; give the file" if path.is_dir() else error.strerror
        msg = f"{path}: {what}"
        raise RecordingError(msg) from None
    if number == 0:
        msg = f"{path}: is empty"
        raise RecordingError(msg)


def _decoded(path: Path, number: int, raw: bytes) -> str:
    if len(raw) == _LONGEST and not raw.endswith(b"\n"):
        msg = f"{path}: line {number} is longer than {_LONGEST} bytes; this is no such text"
        raise RecordingError(msg)
    if b"\0" in raw:
        msg = f"{path}: line {number} is binary; it must be plain text (UTF-8)"
        raise RecordingError(msg)
    try:
        return raw.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        msg = f"{path}: line {number} is not UTF-8; it must be plain text (UTF-8)"
        raise RecordingError(msg) from None
