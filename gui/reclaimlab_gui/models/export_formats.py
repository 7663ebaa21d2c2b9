"""What can be exported: pictures of what is on screen, and every report format there is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reclaimlab.reports import formats
from reclaimlab.runs.comparison import summarise
from reclaimlab.store.reader import StoreReader

if TYPE_CHECKING:
    from pathlib import Path

_SUFFIXES: Final = {"text": "txt", "markdown": "md", "ftrace": "ftrace.txt", "perfetto": "json"}


@dataclass(frozen=True, slots=True)
class Format:
    """One way to export."""

    name: str
    title: str
    suffix: str
    report: str = ""
    """Name of the report format; empty for what is on screen."""


def formats_for(*, has_numbers: bool, has_comparison: bool) -> list[Format]:
    """Return what can be exported now."""
    found = [
        Format("png", "picture of what is on screen, with the settings in its metadata", "png"),
        Format("svg", "drawing of what is on screen, for papers", "svg"),
    ]
    if has_numbers:
        found.append(Format("csv of the plots", "every sample of the curves on screen", "csv"))
    if has_comparison:
        found += [
            Format(name, "report of the whole comparison", _SUFFIXES.get(name, name), name)
            for name in (*formats.FORMATS, *formats.DOCUMENTS)
        ]
    return found


def write_report(database: Path, comparison: str, name: str, path: Path) -> None:
    """Write a stored comparison in the report format called ``name``.

    Raises:
        ReclaimlabError: there is no such comparison, or the format needs what is not installed.
        OSError: the file cannot be written.
    """
    with StoreReader(database) as reader:
        stored = reader.comparison(comparison)
        whole = summarise(stored.id, stored.head, reader.runs(stored.id))
    path.write_bytes(formats.report_file(whole, name))
