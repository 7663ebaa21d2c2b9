"""``reclaimlab runs verify``: run a comparison again and compare every byte."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reclaimlab.cli import options
from reclaimlab.cli.bundle_policies import ask_to_load
from reclaimlab.cli.example import example
from reclaimlab.cli.group import EXIT_FAILED_ON, EXIT_INTERRUPTED
from reclaimlab.cli.interrupt import StopSwitch
from reclaimlab.reports.json_object import dump
from reclaimlab.reports.lines import plain
from reclaimlab.runs.bundle import read_bundle
from reclaimlab.runs.verify import Verification, verify
from reclaimlab.store.reader import StoreReader

if TYPE_CHECKING:
    from collections.abc import Iterator


@click.command("verify", epilog=example("reclaimlab runs verify latest"))
@click.argument("comparison_id", metavar="ID|FILE.zip")
@click.option(
    "--with-policies",
    is_flag=True,
    help="Of a bundle: show each policy that is not installed here, and ask whether to run it.",
)
@options.db
@options.jobs
@options.quiet
@options.as_json
@click.pass_context
def command(
    ctx: click.Context,
    comparison_id: str,
    with_policies: bool,
    db: Path,
    jobs: int,
    quiet: bool,
    as_json: bool,
) -> None:
    """Run a comparison again and compare every byte.

    ID is also the file of a bundle that `reclaimlab bundle` made. Its policies are not run unless
    they are installed here, or shown and allowed one by one.

    Each run is simulated from the scenario text it was stored with. Exits with 1 if a result
    differs.
    """
    if comparison_id.endswith(".zip"):
        bundle = read_bundle(Path(comparison_id))
        stored_id, records = bundle.id, bundle.records
        if with_policies:
            ask_to_load(ctx, bundle)
        for difference in bundle.differences():
            click.echo(f"note: {plain(difference)}", err=True)
    else:
        with StoreReader(db) as reader:
            stored_id = reader.resolve(comparison_id)
            records = reader.runs(stored_id)
    with StopSwitch() as switch:
        done = verify(records, jobs=jobs, stop=switch.asked)
        found = list(_told(done, len(records), quiet=quiet))
    found.sort(key=lambda each: (each.stored.seed, each.stored.contender))
    differing = [each for each in found if not each.same]
    if as_json:
        click.echo(dump(_object(stored_id, found, differing)), nl=False)
    else:
        for each in differing:
            click.echo(f"{each.stored.contender} seed {each.stored.seed}: {each.difference}")
        click.echo(f"{len(found) - len(differing)} of {len(records)} runs came out the same")
    if len(found) < len(records):
        ctx.exit(EXIT_INTERRUPTED)
    ctx.exit(EXIT_FAILED_ON if differing else 0)


def _told(done: Iterator[Verification], planned: int, *, quiet: bool) -> Iterator[Verification]:
    for number, each in enumerate(done, start=1):
        if not quiet:
            word = "the same" if each.same else "DIFFERS"
            told = f"{number}/{planned} {each.stored.contender} seed {each.stored.seed}: {word}"
            click.echo(told, err=True)
        yield each


def _object(
    stored_id: str, found: list[Verification], differing: list[Verification]
) -> dict[str, Any]:
    return {
        "schema": 1,
        "comparison": stored_id,
        "verified": len(found),
        "differing": [
            {
                "contender": each.stored.contender,
                "seed": each.stored.seed,
                "difference": each.difference,
                "stored_hash": each.stored.result_hash or None,
                "hash": each.again.result_hash or None,
            }
            for each in differing
        ],
    }
