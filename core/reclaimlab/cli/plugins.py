"""``reclaimlab plugins``: every plugin, and why one cannot be used."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import click

from reclaimlab.cli import options, plugin_options
from reclaimlab.cli.columns import format_table
from reclaimlab.cli.example import example
from reclaimlab.hosting.listing import every_plugin
from reclaimlab.reports.json_object import dump
from reclaimlab.runs.run import installed_policies

if TYPE_CHECKING:
    from reclaimlab.hosting.listing import Listed


@click.command("plugins", epilog=example("reclaimlab plugins --json"))
@plugin_options.plugins
@options.as_json
def command(as_json: bool) -> None:
    """List the installed plugins and what became of each."""
    click.echo(listed(as_json=as_json), nl=not as_json)


def listed(*, as_json: bool) -> str:
    """Return the list of plugins, as a table or as JSON."""
    found = list(every_plugin(installed_policies()))
    if as_json:
        return dump([dataclasses.asdict(each) for each in found])
    header = ("plugin", "kind", "state", "from", "api", "error")
    return format_table(header, [_row(each) for each in found])


def _row(each: Listed) -> tuple[str, ...]:
    return (each.name, each.kind, each.state, each.origin, each.api, each.error)
