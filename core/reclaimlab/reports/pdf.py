"""A comparison as PDF, for a review or an archive; the same comparison gives the same bytes.

Needs the extra ``reclaimlab[pdf]``. Only the fonts that every reader has: what they lack of a name
is written as its escape.
"""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from reclaimlab.errors import ReclaimlabError
from reclaimlab.policy.extensions import Table, Verbatim
from reclaimlab.reports.incident_text import incident_lines
from reclaimlab.reports.inert import inert
from reclaimlab.reports.numbers import effect_text, gain_text, scale_for
from reclaimlab.reports.reproduce import reproduce_lines
from reclaimlab.reports.shares import shares_text
from reclaimlab.reports.text import seeds_text, verdict_text, versions_text
from reclaimlab.runs.seeds_needed import seed_warnings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reclaimlab.reports.evidence import Evidence
    from reclaimlab.runs.comparison import Comparison
    from reclaimlab.runs.sections import Section

_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Written as the date of every file: the day it was printed would change its bytes."""
_NAMES_MM: Final = 66
_PAGE_MM: Final = 180


def pdf_report(comparison: Comparison, evidence: Evidence) -> bytes:
    """Return the report: verdicts, every metric with its interval, incidents, how to reproduce.

    Raises:
        ReclaimlabError: the extra ``pdf`` is not installed.
    """
    if find_spec("fpdf") is None:
        raise ReclaimlabError("a PDF needs fpdf2: pip install 'reclaimlab[pdf]'")
    paper = _Paper(f"{comparison.head.scenario}: {comparison.head.title}")
    _head(paper, comparison, evidence)
    _verdicts(paper, comparison)
    for name in comparison.metric_names():
        _metric(paper, comparison, name)
    for contender in comparison.contenders:
        if contender.incident is not None:
            paper.heading(f"Incident of {contender.contender}")
            seed = contender.incident_seed
            paper.verbatim(incident_lines(contender.incident, contender.contender, seed))
        for record in contender.failures:
            paper.text(f"{contender.contender} seed {record.seed} failed: {record.error}")
    for section in evidence.sections:
        _section(paper, section)
    for fault in evidence.faults(comparison):
        paper.text(f"Plugin at fault: {fault}")
    paper.heading("How to reproduce")
    paper.verbatim(reproduce_lines(comparison, evidence))
    return paper.bytes()


def _head(paper: _Paper, comparison: Comparison, evidence: Evidence) -> None:
    head = comparison.head
    planned = f"{comparison.stored_runs} of {head.planned_runs} runs stored"
    facts = [
        ("decides", head.decides),
        ("seeds", seeds_text(head.seeds)),
        ("comparison", f"{comparison.id}, {planned}"),
        ("versions", versions_text(comparison)),
        ("tags", ", ".join(evidence.tags)),
        *(("note", note) for note in evidence.notes),
    ]
    paper.table(None, [(name, fact) for name, fact in facts if fact], [28, 152])


def _verdicts(paper: _Paper, comparison: Comparison) -> None:
    paper.heading("Verdicts")
    header = ("contender", "verdict", "share of the runs, its 95 % interval")
    rows = [
        (each.contender, verdict_text(each), shares_text(each) or "-")
        for each in comparison.contenders
    ]
    paper.table(header, rows, [_NAMES_MM, 50, 64])
    for warning in seed_warnings(comparison):
        paper.text(f"Too few seeds: {warning}")
    paper.text(
        "Below: means over seeds, against the first contender; positive is better. * better or "
        "worse beyond noise (95 %, corrected for the number of metrics), ~ cannot be told."
    )


def _metric(paper: _Paper, comparison: Comparison, name: str) -> None:
    found = {
        each.contender: each.metrics[name] for each in comparison.contenders if name in each.metrics
    }
    info = next(iter(found.values())).info
    scale = scale_for(info, [summary.mean for summary in found.values()])
    paper.heading(f"{name} ({scale.unit or info.unit}, {info.better} is better)", small=True)
    rows = []
    for contender, summary in found.items():
        low, high = (scale.number(bound) for bound in summary.ci95)
        judged = comparison.pair(contender, name)
        rows.append(
            (contender, scale.number(summary.mean), f"{low} to {high}",
             gain_text(info, judged) if judged else "", effect_text(judged), str(summary.n))
        )  # fmt: skip
    header = (
        "contender", "mean", "95 % interval of the mean", "against the first", "effect (sd)",
        "seeds",
    )  # fmt: skip
    paper.table(header, rows, [55, 28, 40, 26, 19, 12])


def _section(paper: _Paper, section: Section) -> None:
    paper.heading(section.title)
    for block in section.blocks:
        match block:
            case Table(header, rows):
                lines = [[str(cell) for cell in row] for row in rows]
                paper.table(header, lines, [_PAGE_MM // len(header)] * len(header))
            case Verbatim(text):
                paper.verbatim(text.split("\n"))
            case _:
                paper.text(block)


class _Paper:
    """A4 sheets, a title on each, and where the next line goes."""

    def __init__(self, title: str) -> None:
        from fpdf import FPDF

        pdf: Any = FPDF(format="A4")
        pdf.set_creation_date(_LONG_AGO)
        pdf.set_title(_letters(title))
        pdf.set_producer("reclaimlab")
        pdf.set_lang("en")
        pdf.set_margins(15, 15)
        pdf.set_auto_page_break(auto=True, margin=15)
        pdf.add_page()
        pdf.set_font("Helvetica", "B", 15)
        pdf.multi_cell(0, 7, _letters(title), align="L", new_x="LMARGIN", new_y="NEXT")
        pdf.ln(2)
        self._pdf = pdf

    def heading(self, text: str, *, small: bool = False) -> None:
        """Begin a section; never at the very foot of a page."""
        if self._pdf.will_page_break(30):
            self._pdf.add_page()
        self._pdf.ln(3)
        self._pdf.set_font("Helvetica", "B", 10 if small else 12)
        self._pdf.multi_cell(0, 6, _letters(text), align="L", new_x="LMARGIN", new_y="NEXT")

    def text(self, text: str) -> None:
        """Add a paragraph."""
        self._pdf.set_font("Helvetica", "", 9)
        self._pdf.multi_cell(0, 4.5, _letters(text), align="L", new_x="LMARGIN", new_y="NEXT")

    def verbatim(self, lines: Iterable[str]) -> None:
        """Add lines as they are."""
        self._pdf.set_font("Courier", "", 8)
        for line in lines:
            self._pdf.multi_cell(0, 3.6, _letters(line), align="L", new_x="LMARGIN", new_y="NEXT")

    def table(
        self,
        header: Sequence[str] | None,
        rows: Iterable[Sequence[str]],
        widths_mm: Sequence[int],
    ) -> None:
        """Add a table; its header stands again on the next page."""
        self._pdf.set_font("Helvetica", "", 8)
        lines = [header, *rows] if header else list(rows)
        with self._pdf.table(
            col_widths=tuple(widths_mm),
            width=sum(widths_mm),
            align="LEFT",
            line_height=4.5,
            first_row_as_headings=header is not None,
            borders_layout="HORIZONTAL_LINES",
        ) as table:
            for line in lines:
                row = table.row()
                for cell in line:
                    row.cell(_letters(cell))

    def bytes(self) -> bytes:
        """Return the finished file."""
        return bytes(self._pdf.output())


def _letters(text: str) -> str:
    """Return ``text`` inert, and in the letters that the fonts have."""
    return inert(text).encode("latin-1", "backslashreplace").decode("latin-1")
