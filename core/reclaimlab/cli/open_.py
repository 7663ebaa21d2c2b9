"""``reclaimlab open``: a bundle as a report, without running anything."""

from __future__ import annotations

from pathlib import Path

import click

from reclaimlab.cli.example import example
from reclaimlab.errors import ReclaimlabError, did_you_mean
from reclaimlab.reports.evidence import Evidence
from reclaimlab.reports.formats import FORMATS, render
from reclaimlab.reports.lines import plain
from reclaimlab.runs.bundle import read_bundle
from reclaimlab.runs.comparison import summarise


@click.command("open", epilog=example("reclaimlab open comparison.zip"))
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "format_name",
    default="text",
    show_default=True,
    help=f"One of {', '.join(FORMATS)}.",
)
@click.option("--policy", metavar="NAME", help="Show the source of this policy instead.")
def command(file: Path, format_name: str, policy: str | None) -> None:
    """Show a bundle, without running anything.

    FILE is what `reclaimlab bundle` made. Nothing in it is executed. Which versions or sources
    differ from those installed here goes to stderr; `reclaimlab runs verify FILE` runs it again.
    """
    bundle = read_bundle(file)
    for difference in bundle.differences():
        click.echo(f"note: {plain(difference)}", err=True)
    if policy is None:
        comparison = summarise(bundle.id, bundle.head, bundle.records)
        click.echo(render(comparison, format_name, Evidence(bundle.scenario_text)), nl=False)
        return
    if policy not in bundle.policies:
        hint = did_you_mean(policy, bundle.policies, what="policies")
        raise ReclaimlabError(f"bundle {file} holds no policy {policy!r}; {hint}")
    click.echo("\n".join(map(plain, bundle.policies[policy].split("\n"))), nl=False)
