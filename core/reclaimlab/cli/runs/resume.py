"""``reclaimlab runs resume``: the runs that a comparison which was cut off lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reclaimlab.cli import options, plugin_options
from reclaimlab.cli.compare import describe, exit_code
from reclaimlab.cli.example import example
from reclaimlab.cli.interrupt import StopSwitch
from reclaimlab.cli.progress import progress
from reclaimlab.reports.json_object import comparison_object, dump
from reclaimlab.runs.compare import Begun, missing_part, resume
from reclaimlab.store.reader import StoreReader
from reclaimlab.store.writer import StoreWriter

if TYPE_CHECKING:
    from pathlib import Path


@click.command("resume", epilog=example("reclaimlab runs resume latest"))
@click.argument("comparison_id", metavar="ID")
@plugin_options.plugins
@options.db
@options.jobs
@options.quiet
@options.as_json
@click.pass_context
def command(
    ctx: click.Context, comparison_id: str, db: Path, jobs: int, quiet: bool, as_json: bool
) -> None:
    """Make the runs that a comparison which was cut off lacks.

    By Ctrl-C, `kill -9` or a machine that went down: what was finished is stored and stays, the
    others are run from the scenario text that is stored with it.
    """
    with StoreReader(db) as reader:
        stored = reader.comparison(comparison_id)
        records = reader.runs(stored.id)
    plan = missing_part(stored, records)
    with (
        StoreWriter(db) as writer,
        StopSwitch() as switch,
        progress(stored.head.planned_runs, quiet=quiet) as observers,
    ):
        begun = Begun(stored.id, records)
        comparison = resume(plan, begun, writer, jobs=jobs, observers=observers, stop=switch.asked)
    shown = dump(comparison_object(comparison)) if as_json else describe(comparison, db)
    click.echo(shown, nl=not as_json)
    ctx.exit(exit_code(comparison))
