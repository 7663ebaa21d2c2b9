"""``reclaimlab bundle``: a stored comparison as one file to give away."""

from __future__ import annotations

from pathlib import Path

import click

from reclaimlab.cli import options, plugin_options
from reclaimlab.cli.example import example
from reclaimlab.cli.report import tell_faults
from reclaimlab.reports.evidence import read_evidence
from reclaimlab.reports.formats import render
from reclaimlab.runs.bundle import make_bundle, write_bundle
from reclaimlab.runs.comparison import summarise
from reclaimlab.store.reader import StoreReader

_REPORTS = {"report.txt": "text", "report.html": "html", "comparison.json": "json"}


@click.command("bundle", epilog=example("reclaimlab bundle latest -o comparison.zip"))
@click.argument("comparison_id", metavar="ID")
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="Write to this file."
)
@plugin_options.plugins
@options.db
@click.pass_context
def command(ctx: click.Context, comparison_id: str, output: Path, db: Path) -> None:
    """Pack a stored comparison into one file to give away.

    The zip file holds the scenario, every result, the sources of the policies and the reports.
    """
    with StoreReader(db) as reader:
        stored = reader.comparison(comparison_id)
        records = reader.runs(stored.id)
        comparison = summarise(stored.id, stored.head, records)
        evidence = read_evidence(reader, comparison)
    reports = {name: render(comparison, kind, evidence) for name, kind in _REPORTS.items()}
    write_bundle(output, make_bundle(stored.id, stored.head, records), reports)
    click.echo(f"comparison {stored.id} is packed into {output}", err=True)
    ctx.exit(tell_faults(evidence))
