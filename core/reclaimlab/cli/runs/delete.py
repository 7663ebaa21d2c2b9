"""``reclaimlab runs delete``: forget comparisons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reclaimlab.cli import options
from reclaimlab.cli.example import example
from reclaimlab.cli.runs.resolve import resolve
from reclaimlab.store.writer import StoreWriter

if TYPE_CHECKING:
    from pathlib import Path


@click.command("delete", epilog=example("reclaimlab runs delete 3f2a9c01 --yes"))
@click.argument("comparison_ids", nargs=-1, required=True, metavar="ID...")
@click.option("--yes", is_flag=True, help="Do not ask.")
@options.db
def command(comparison_ids: tuple[str, ...], yes: bool, db: Path) -> None:
    """Delete comparisons with all their runs."""
    found = list(dict.fromkeys(resolve(db, name) for name in comparison_ids))
    if not yes:
        click.confirm(f"Delete {', '.join(found)} from {db}?", abort=True, err=True)
    with StoreWriter(db) as writer:
        for stored_id in found:
            writer.delete(stored_id)
