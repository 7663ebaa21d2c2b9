"""The formats of a report, by the names that ``report --format`` takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reclaimlab.errors import ReclaimlabError, did_you_mean
from reclaimlab.reports.csv_table import csv_report
from reclaimlab.reports.evidence import NOTHING, Evidence
from reclaimlab.reports.html.page import html_report
from reclaimlab.reports.json_object import comparison_object, dump
from reclaimlab.reports.markdown import markdown_report
from reclaimlab.reports.pdf import pdf_report
from reclaimlab.reports.text import text_report

if TYPE_CHECKING:
    from collections.abc import Callable

    from reclaimlab.runs.comparison import Comparison

FORMATS: Final[dict[str, Callable[[Comparison, Evidence], str]]] = {
    "text": text_report,
    "markdown": markdown_report,
    "html": html_report,
    "json": lambda comparison, found: dump(comparison_object(comparison, found)),
    "csv": lambda comparison, _: csv_report(comparison),
}


DOCUMENTS: Final[dict[str, Callable[[Comparison, Evidence], bytes]]] = {"pdf": pdf_report}
"""Formats that are no text."""


def report_file(comparison: Comparison, name: str, evidence: Evidence = NOTHING) -> bytes:
    """Return ``comparison`` in any format, as the bytes of a file.

    Raises:
        ReclaimlabError: there is no such format, or it needs what is not installed.
    """
    if name in DOCUMENTS:
        return DOCUMENTS[name](comparison, evidence)
    return render(comparison, name, evidence).encode()


def render(comparison: Comparison, name: str, evidence: Evidence = NOTHING) -> str:
    """Return ``comparison`` in the text format called ``name``, with what ``evidence`` there is.

    Raises:
        ReclaimlabError: there is no such format.
    """
    if name not in FORMATS:
        known = (*FORMATS, *DOCUMENTS)
        raise ReclaimlabError(
            f"unknown format {name!r}; {did_you_mean(name, known, what='one of')}"
        )
    return FORMATS[name](comparison, evidence)
