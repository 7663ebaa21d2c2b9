"""``reclaimlab runs show``: every run of a comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from reclaimlab.cli import options
from reclaimlab.cli.columns import format_table
from reclaimlab.cli.example import example
from reclaimlab.cli.runs.list_ import stored_object
from reclaimlab.reports.json_object import dump
from reclaimlab.reports.text import seeds_text
from reclaimlab.store.explorations import PREFIX, exploration
from reclaimlab.store.reader import StoreReader

if TYPE_CHECKING:
    from pathlib import Path

    from reclaimlab.store.records import RunRecord, StoredComparison


@click.command("show", epilog=example("reclaimlab runs show latest"))
@click.argument("comparison_id", metavar="ID")
@options.db
@options.as_json
def command(comparison_id: str, db: Path, as_json: bool) -> None:
    """Show every run of a comparison, or an exploration step by step."""
    if comparison_id.startswith(PREFIX):
        _show_exploration(exploration(db, comparison_id), as_json=as_json)
        return
    with StoreReader(db) as reader:
        stored = reader.comparison(comparison_id)
        records = reader.runs(stored.id)
    if as_json:
        plain = {"schema": 1} | stored_object(stored) | {"runs": list(map(run_object, records))}
        click.echo(dump(plain), nl=False)
    else:
        click.echo(_describe(stored, records))


def _show_exploration(found: dict[str, Any], *, as_json: bool) -> None:
    from reclaimlab.explore import text
    from reclaimlab.explore.json_object import stored_views

    if as_json:
        click.echo(dump(found), nl=False)
        return
    extent = "every schedule" if found["exhausted"] else f"NOT every schedule: {found['why_cut']}"
    click.echo(f"{found['scenario']}, {found['contender']}, {found['granularity']} steps: {extent}")
    click.echo(f"{found['states']} states, {found['transitions']} transitions")
    for name, each in found["properties"].items():
        counterexample = each["counterexample"]
        if counterexample is not None:
            click.echo(f"\nviolates {name}: {counterexample['what']}")
            click.echo(text.steps(stored_views(counterexample)))


def run_object(record: RunRecord) -> dict[str, Any]:
    """Return what determined a run and what it came to, as plain JSON data."""
    result = record.result
    return {
        "contender": record.contender,
        "seed": record.seed,
        "verdict": result and str(result.verdict),
        "ended": result and {"reason": result.ended, "time_s": result.ended_ns / 1e9},
        "failure": record.failure and str(record.failure),
        "error": record.error or None,
        "result_hash": record.result_hash or None,
        "scenario_hash": record.scenario_hash,
        "policy_versions": dict(record.policy_versions),
        "package_version": record.package_version,
    }


def _describe(stored: StoredComparison, records: tuple[RunRecord, ...]) -> str:
    head = stored.head
    facts = [
        f"{head.scenario}: {head.title}",
        f"comparison {stored.id} of {stored.created_at[:19]}, reclaimlab {head.package_version}",
        f"seeds {seeds_text(head.seeds)}, decides {head.decides}",
        f"scenario hash {head.scenario_hash}",
    ]
    facts += [f"tag: {tag}" for tag in stored.tags]
    facts += [f"note of {note.created_at[:19]}: {note.line}" for note in stored.notes]
    table = format_table(("contender", "seed", "verdict", "ended", "result"), map(_row, records))
    return "\n".join(facts) + "\n\n" + table


def _row(record: RunRecord) -> tuple[str, ...]:
    if record.result is None:
        return (record.contender, str(record.seed), "failed", record.error, "")
    ended = f"{record.result.ended}, {record.result.ended_ns / 1e9:.3f} s"
    verdict = str(record.result.verdict)
    return (record.contender, str(record.seed), verdict, ended, record.result_hash[:12])
