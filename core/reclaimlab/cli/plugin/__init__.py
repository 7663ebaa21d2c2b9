"""``reclaimlab plugin``: for those who write plugins, one module a command."""

from __future__ import annotations

import click

from reclaimlab.cli.example import example
from reclaimlab.cli.group import LazyGroup

COMMANDS = {
    "new": "Make the project of a new plugin.",
    "check": "Check a plugin against every rule.",
    "list": "List the plugins and what became of each.",
    "hooks": "Explain the hooks that a policy may implement.",
}


@click.group(
    "plugin",
    cls=LazyGroup,
    package="reclaimlab.cli.plugin",
    commands_help=COMMANDS,
    epilog=example("reclaimlab plugin new wait-late"),
)
def command() -> None:
    """Make, check and list plugins, and explain the hooks."""
