"""``reclaimlab runs note``: a remark that stays with a comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reclaimlab.cli import options
from reclaimlab.cli.example import example
from reclaimlab.cli.runs.resolve import resolve
from reclaimlab.store.writer import StoreWriter

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    "note", epilog=example('reclaimlab runs note latest "with the numbers of Monday\'s mail"')
)
@click.argument("comparison_id", metavar="ID")
@click.argument("text")
@options.db
def command(comparison_id: str, text: str, db: Path) -> None:
    """Add a remark to a comparison."""
    stored_id = resolve(db, comparison_id)
    with StoreWriter(db) as writer:
        writer.add_note(stored_id, text)
