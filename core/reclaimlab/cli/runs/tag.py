"""``reclaimlab runs tag``: words by which to find a comparison again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reclaimlab.cli import options
from reclaimlab.cli.example import example
from reclaimlab.cli.runs.resolve import resolve
from reclaimlab.store.writer import StoreWriter

if TYPE_CHECKING:
    from pathlib import Path


@click.command("tag", epilog=example("reclaimlab runs tag latest for-the-mail"))
@click.argument("comparison_id", metavar="ID")
@click.argument("tags", nargs=-1, required=True, metavar="TAG...")
@click.option("--remove", is_flag=True, help="Take the tags off instead.")
@options.db
def command(comparison_id: str, tags: tuple[str, ...], remove: bool, db: Path) -> None:
    """Tag a comparison, or take tags off it."""
    stored_id = resolve(db, comparison_id)
    with StoreWriter(db) as writer:
        for tag in tags:
            if remove:
                writer.remove_tag(stored_id, tag)
            else:
                writer.add_tag(stored_id, tag)
