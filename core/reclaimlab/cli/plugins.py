"""``reclaimlab plugins``: every entry point, and why one cannot be used."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import click

from reclaimlab.cli import options
from reclaimlab.cli.columns import format_table
from reclaimlab.cli.example import example
from reclaimlab.reports.json_object import dump
from reclaimlab.runs.run import installed_policies

if TYPE_CHECKING:
    from reclaimlab.hosting.catalog import Entry


@click.command("plugins", epilog=example("reclaimlab plugins --json"))
@options.as_json
def command(as_json: bool) -> None:
    """List the installed plugins and what became of each."""
    entries = installed_policies().entries
    if as_json:
        click.echo(dump([dataclasses.asdict(entry) for entry in entries]), nl=False)
    else:
        header = ("plugin", "state", "package", "api", "error")
        click.echo(format_table(header, [_row(entry) for entry in entries]))


def _row(entry: Entry) -> tuple[str, ...]:
    package = f"{entry.distribution} {entry.version}".strip() or entry.module
    api = ".".join(map(str, entry.api)) if entry.api else ""
    return (entry.name, entry.state, package, api, entry.error)
