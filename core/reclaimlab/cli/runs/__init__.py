"""``reclaimlab runs``: what to do with stored comparisons, one module a command."""

from __future__ import annotations

import click

from reclaimlab.cli.example import example
from reclaimlab.cli.group import LazyGroup

COMMANDS = {
    "list": "List the stored comparisons, newest first.",
    "show": "Show every run of a comparison, or an exploration step by step.",
    "resume": "Make the runs that a comparison which was cut off lacks.",
    "verify": "Run a comparison again and compare every byte.",
    "tag": "Tag a comparison, or take tags off it.",
    "note": "Add a remark to a comparison, to one of its runs, or to a moment of that run.",
    "delete": "Delete comparisons with all their runs.",
    "merge": "Put what other stores hold into this one.",
    "schema": "Show what each table and column of the store holds.",
}


@click.group(
    "runs",
    cls=LazyGroup,
    package="reclaimlab.cli.runs",
    commands_help=COMMANDS,
    epilog=example("reclaimlab runs list"),
)
def command() -> None:
    """List, show, resume, verify, tag, note, delete and merge stored comparisons.

    ID is what `reclaimlab compare` printed, its beginning, or `latest`.
    """
