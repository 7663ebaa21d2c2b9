"""What can be exported: pictures of what is on screen, and every report format there is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reclaimlab.files import write_whole
from reclaimlab.reports import formats
from reclaimlab.reports.evidence import read_evidence
from reclaimlab.reports.traces import TRACES
from reclaimlab.runs.comparison import summarise
from reclaimlab.store.reader import StoreReader

if TYPE_CHECKING:
    from pathlib import Path

_SUFFIXES: Final = {
    "text": "txt",
    "markdown": "md",
    "ftrace": "ftrace.txt",
    "perfetto": "zip",
    "tracedat": "dat",
}


SCREEN_CSV: Final = "csv of what is on screen"


@dataclass(frozen=True, slots=True)
class Format:
    """One way to export."""

    name: str
    title: str
    suffix: str
    report: str = ""
    """Name of the report format; empty for what is on screen."""
    trace: str = ""
    """Name of the trace format."""


def formats_for(*, numbers: str, has_comparison: bool, runs: int) -> list[Format]:
    """Return what can be exported now; ``numbers`` says what a table on screen would hold."""
    found = [
        Format("png", "picture of what is on screen, with the settings in its metadata", "png"),
        Format("svg", "drawing of what is on screen, for papers", "svg"),
    ]
    if numbers:
        found.append(Format(SCREEN_CSV, numbers, "csv"))
    if has_comparison:
        found += [
            Format(name, "report of the whole comparison", _SUFFIXES.get(name, name), name)
            for name in (*formats.FORMATS, *formats.DOCUMENTS)
        ]
    if runs:
        found += [
            Format(name, _trace_title(name), _trace_suffix(name, runs), trace=name)
            for name in TRACES
        ]
    return found


def _trace_title(name: str) -> str:
    which = "runs on screen" if name == "perfetto" else "first run on screen"
    return f"trace of the {which}, task by task, for other tools"


def _trace_suffix(name: str, runs: int) -> str:
    return "json" if name == "perfetto" and runs == 1 else _SUFFIXES.get(name, name)


def write_report(database: Path, comparison: str, name: str, path: Path) -> None:
    """Write a stored comparison in the report format called ``name``.

    Raises:
        ReclaimlabError: there is no such comparison, or the format needs what is not installed.
        OSError: the file cannot be written.
    """
    with StoreReader(database) as reader:
        stored = reader.comparison(comparison)
        whole = summarise(stored.id, stored.head, reader.runs(stored.id))
        evidence = read_evidence(reader, whole)
    write_whole(path, formats.report_file(whole, name, evidence))
