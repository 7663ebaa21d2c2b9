"""``reclaimlab report``: the report of a stored comparison."""

from __future__ import annotations

from pathlib import Path

import click

from reclaimlab.cli import options, plugin_options
from reclaimlab.cli.example import example
from reclaimlab.cli.group import EXIT_RUN_FAILED
from reclaimlab.cli.trace import TRACES, write_trace
from reclaimlab.errors import ReclaimlabError
from reclaimlab.files import write_whole
from reclaimlab.reports.evidence import NOTHING, Evidence, read_evidence
from reclaimlab.reports.formats import DOCUMENTS, FORMATS, report_file
from reclaimlab.runs.comparison import Comparison, summarise
from reclaimlab.runs.sections import read_sections
from reclaimlab.store.reader import StoreReader


@click.command("report", epilog=example("reclaimlab report latest --format text -o report.txt"))
@click.argument("comparison_id", metavar="ID")
@click.option(
    "--format",
    "format_name",
    default="text",
    show_default=True,
    help=f"One of {', '.join((*FORMATS, *DOCUMENTS, *TRACES))}.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write to this file.")
@click.option(
    "-c",
    "--contender",
    "contenders",
    multiple=True,
    help=f"Whose run {', '.join(TRACES)} show  [default: the first]; perfetto takes several.",
)
@click.option("--seed", type=int, help="Seed of that run  [default: the first].")
@plugin_options.plugins
@options.db
@click.pass_context
def command(
    ctx: click.Context,
    comparison_id: str,
    format_name: str,
    output: Path | None,
    contenders: tuple[str, ...],
    seed: int | None,
    db: Path,
) -> None:
    """Write the report of a stored comparison.

    ID is what `reclaimlab compare` printed, its beginning, or `latest`. A trace is of one run, made
    again from its record: it is the same, event by event.
    """
    if format_name in TRACES:
        write_trace(db, comparison_id, format_name, output, contenders, seed)
        return
    comparison, _, evidence = load_report(db, comparison_id, format_name)
    report = report_file(comparison, format_name, evidence)
    if output is None:
        click.echo(report, nl=False)
    else:
        _write(output, report)
    ctx.exit(tell_faults(evidence))


def _write(output: Path, report: bytes) -> None:
    try:
        write_whole(output, report)
    except OSError as error:
        raise ReclaimlabError(f"report {output} cannot be written: {error.strerror}") from error


def tell_faults(evidence: Evidence) -> int:
    """Name the sections that plugins failed to make; return the exit code that says so."""
    faults = [each.error for each in evidence.sections if each.error]
    for fault in faults:
        click.echo(fault, err=True)
    return EXIT_RUN_FAILED if faults else 0


def load_report(db: Path, name: str, format_name: str) -> tuple[Comparison, str, Evidence]:
    """Return the arguments of render(); only what the format shows is read.

    Raises:
        StoreError: there is no such store or comparison.
    """
    comparison = load_comparison(db, name)
    if format_name == "csv":  # a table of numbers, and nothing else
        return comparison, format_name, NOTHING
    if format_name not in ("html", "pdf"):
        return comparison, format_name, Evidence(sections=read_sections(comparison))
    with StoreReader(db) as reader:
        return comparison, format_name, read_evidence(reader, comparison)


def load_comparison(db: Path, name: str) -> Comparison:
    """Return a stored comparison, summarised.

    Raises:
        StoreError: there is no such store or comparison.
    """
    with StoreReader(db) as reader:
        stored = reader.comparison(name)
        return summarise(stored.id, stored.head, reader.runs(stored.id))
