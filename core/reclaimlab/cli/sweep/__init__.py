"""``reclaimlab sweep``: one scenario over many values; and what to do with stored sweeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reclaimlab.cli.example import example
from reclaimlab.cli.group import LazyGroup

if TYPE_CHECKING:
    from click import Context

COMMANDS = {
    "run": "Run a scenario over many values of what it is made of.",
    "show": "Show a stored sweep: table, heat map, CSV, Parquet.",
    "list": "List the stored sweeps, newest first.",
}


class SweepGroup(LazyGroup):
    """A group whose command ``run`` need not be named."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Put ``run`` in front of what is no command."""
        if args and args[0] not in COMMANDS and args[0] != "--help":
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group(
    "sweep",
    cls=SweepGroup,
    package="reclaimlab.cli.sweep",
    commands_help=COMMANDS,
    epilog=example(
        "reclaimlab sweep xfs-hardlimit-dd -c linux-3.10 --vary memcg.box.limit=16M..64M:4"
    ),
)
def command() -> None:
    """Run one scenario over many values, and show what came of it.

    `reclaimlab sweep SCENARIO ...` is short for `reclaimlab sweep run SCENARIO ...`, whose --help
    has all options.
    """
