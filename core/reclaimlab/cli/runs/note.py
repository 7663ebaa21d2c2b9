"""``reclaimlab runs note``: a remark that stays with a comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reclaimlab.cli import options
from reclaimlab.cli.example import example
from reclaimlab.cli.runs.resolve import resolve
from reclaimlab.store.writer import StoreWriter
from reclaimlab.units import UnitError, parse_time

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    "note", epilog=example('reclaimlab runs note latest "with the numbers of Monday\'s mail"')
)
@click.argument("comparison_id", metavar="ID")
@click.argument("text")
@click.option("--contender", default="", help="The remark is about this contender's run ...")
@click.option("--seed", type=int, help="... with this seed.")
@click.option("--at", metavar="TIME", help="And about this moment of it, such as 3.686s.")
@options.db
def command(
    comparison_id: str, text: str, contender: str, seed: int | None, at: str | None, db: Path
) -> None:
    """Add a remark to a comparison, to one of its runs, or to a moment of that run."""
    if bool(contender) != (seed is not None):
        raise click.UsageError("a run is named by both --contender and --seed")
    if at is not None and not contender:
        raise click.UsageError("--at is a moment of a run: name it by --contender and --seed")
    stored_id = resolve(db, comparison_id)
    time_ns = None if at is None else _moment(at)
    with StoreWriter(db) as writer:
        writer.add_note(stored_id, text, contender=contender, seed=seed, time_ns=time_ns)


def _moment(text: str) -> int:
    try:
        return parse_time(text)
    except UnitError as error:
        raise click.BadParameter(str(error), param_hint="--at") from None
