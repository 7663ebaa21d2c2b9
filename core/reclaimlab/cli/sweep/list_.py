"""``reclaimlab sweep list``: which sweeps are stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reclaimlab.cli import options
from reclaimlab.cli.columns import format_table
from reclaimlab.cli.example import example
from reclaimlab.reports.json_object import dump
from reclaimlab.store.sweeps import SweepReader

if TYPE_CHECKING:
    from pathlib import Path


@click.command("list", epilog=example("reclaimlab sweep list"))
@options.db
@options.as_json
def command(db: Path, as_json: bool) -> None:
    """List the stored sweeps, newest first."""
    with SweepReader(db) as reader:
        found = reader.sweeps()
    if as_json:
        rows = [
            {
                "sweep": each.head.id,
                "kind": each.head.kind,
                "scenario": each.head.scenario,
                "created_at": each.created_at,
                "stored_runs": each.stored_runs,
                "planned_runs": each.head.planned_runs,
                "retries": each.retries,
            }
            for each in found
        ]
        click.echo(dump({"schema": 1, "sweeps": rows}), nl=False)
        return
    header = ("sweep", "kind", "scenario", "runs", "varied", "begun (UTC)")
    click.echo(
        format_table(
            header,
            [
                (
                    each.head.id,
                    each.head.kind,
                    each.head.scenario,
                    f"{each.stored_runs}/{each.head.planned_runs}",
                    ", ".join(each.head.spec["vary"]),
                    each.created_at[:19],
                )
                for each in found
            ],
        )
    )
