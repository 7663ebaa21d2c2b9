"""``reclaimlab runs merge``: one store out of many."""

from __future__ import annotations

from pathlib import Path

import click

from reclaimlab.cli import options
from reclaimlab.cli.example import example
from reclaimlab.store.merge import merge_stores


@click.command("merge", epilog=example("reclaimlab runs merge shard-1.db shard-2.db --db all.db"))
@click.argument(
    "stores", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path)
)
@options.db
def command(stores: tuple[Path, ...], db: Path) -> None:
    """Put what other stores hold into this one.

    Made for `reclaimlab sweep --shard K/N`: each part writes a store of its own, and together they
    are the whole sweep. What several stores hold stands once; the others are not changed.
    """
    gained = merge_stores(db, stores)
    told = ", ".join(
        f"{gained.get(table, 0)} {what}"
        for table, what in (
            ("comparisons", "comparisons"),
            ("sweeps", "sweeps"),
            ("sweep_runs", "runs of sweeps"),
            ("results", "results"),
        )
    )
    click.echo(f"{db} has gained {told}")
