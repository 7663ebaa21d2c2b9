"""``reclaimlab plugin new``: a project that works at once."""

from __future__ import annotations

from pathlib import Path

import click

from reclaimlab.cli.example import example
from reclaimlab.hosting.scaffold import make_project
from reclaimlab.hosting.sources import KINDS


@click.command("new", epilog=example("reclaimlab plugin new wait-late"))
@click.argument("name")
@click.option(
    "--kind", type=click.Choice(list(KINDS)), default="policy", show_default=True,
    help="What the plugin brings.",
)  # fmt: skip
@click.option(
    "--into",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=".",
    help="Folder that gets the project's  [default: this one].",
)
def command(name: str, kind: str, into: Path) -> None:
    """Make the project of a new plugin.

    The folder NAME gets a package with one class, its entry point, tests, a README and a file for
    CI. Its tests pass as it is; then make it yours.
    """
    for path in make_project(name, kind, into):
        click.echo(path)
