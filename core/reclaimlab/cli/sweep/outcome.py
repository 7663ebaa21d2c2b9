"""How a command that ran a tally of runs ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reclaimlab.cli.group import EXIT_INTERRUPTED, EXIT_RUN_FAILED

if TYPE_CHECKING:
    from reclaimlab.sweep.execute import Tally


def exit_code(tally: Tally) -> int:
    """Tell on stderr of runs that are missing; return the exit code."""
    for line in tally.errors:
        click.echo(line, err=True)
    if tally.done < tally.planned:
        click.echo(
            f"interrupted: {tally.done} of {tally.planned} runs are stored; "
            "the same command goes on",
            err=True,
        )
        return EXIT_INTERRUPTED
    if tally.lost:
        click.echo(f"{tally.lost} runs were lost; the same command tries them again", err=True)
    return EXIT_RUN_FAILED if tally.lost or tally.failed else 0
