"""``reclaimlab plugin list``: the same as ``reclaimlab plugins``."""

from __future__ import annotations

import click

from reclaimlab.cli import options, plugin_options
from reclaimlab.cli.example import example
from reclaimlab.cli.plugins import listed


@click.command("list", epilog=example("reclaimlab plugin list --plugins-dir my-plugins"))
@plugin_options.plugins
@options.as_json
def command(as_json: bool) -> None:
    """List the plugins and what became of each."""
    click.echo(listed(as_json=as_json), nl=not as_json)
