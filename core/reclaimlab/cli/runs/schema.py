"""``reclaimlab runs schema``: what the tables of the store hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reclaimlab.cli import options
from reclaimlab.cli.columns import format_table
from reclaimlab.cli.example import example
from reclaimlab.reports.json_object import dump
from reclaimlab.store.documented import DOCUMENTED, datasette_metadata

if TYPE_CHECKING:
    from pathlib import Path


@click.command("schema", epilog=example("reclaimlab runs schema --json > metadata.json"))
@options.db
@options.as_json
def command(db: Path, as_json: bool) -> None:
    """Show what each table and column of the store holds.

    The JSON is a metadata file for Datasette: `datasette serve --metadata metadata.json STORE`.
    """
    if as_json:
        click.echo(dump(datasette_metadata(db.stem)), nl=False)
        return
    for name, (about, columns) in DOCUMENTED.items():
        click.echo(f"{name}: {about}\n{format_table(('column', 'holds'), columns.items())}\n")
