"""``reclaimlab runs list``: the stored comparisons, newest first."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from reclaimlab.cli import options
from reclaimlab.cli.columns import format_table
from reclaimlab.cli.example import example
from reclaimlab.reports.json_object import dump
from reclaimlab.store.explorations import explorations
from reclaimlab.store.reader import StoreReader

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from reclaimlab.store.explorations import StoredExploration
    from reclaimlab.store.records import Note, StoredComparison


@click.command("list", epilog=example("reclaimlab runs list --tag for-the-mail"))
@click.option("--tag", default="", help="Only those that carry this tag.")
@click.option("--explorations", "explored", is_flag=True, help="List what explore --store kept.")
@options.db
@options.as_json
def command(tag: str, explored: bool, db: Path, as_json: bool) -> None:
    """List the stored comparisons, newest first."""
    if explored:
        _list_explorations(db, as_json=as_json)
        return
    found = _comparisons(db, tag)
    if as_json:
        click.echo(dump([stored_object(each) for each in found]), nl=False)
    else:
        header = ("id", "created (UTC)", "scenario", "contenders", "runs", "worst", "tags")
        _show(header, [_row(each) for each in found], f"no comparison in {db}")


def _list_explorations(db: Path, *, as_json: bool) -> None:
    found = explorations(db)
    if as_json:
        click.echo(dump([asdict(each) for each in found]), nl=False)
    else:
        header = ("id", "created (UTC)", "scenario", "contender", "schedules", "states", "violated")
        without = f"no exploration in {db}; reclaimlab explore --store keeps one"
        _show(header, [_exploration_row(each) for each in found], without)


def _show(header: Sequence[str], rows: Sequence[Sequence[str]], without: str) -> None:
    if rows:
        click.echo(format_table(header, rows))
    else:
        click.echo(without, err=True)


def _exploration_row(stored: StoredExploration) -> tuple[str, ...]:
    return (
        stored.id,
        stored.created_at[:19].replace("T", " "),
        stored.scenario,
        stored.contender,
        "all" if stored.exhausted else "part",
        str(stored.states),
        " ".join(stored.violated),
    )


def _comparisons(db: Path, tag: str) -> tuple[StoredComparison, ...]:
    # Before the first comparison there is no file, which is no error here.
    if not db.exists():
        return ()
    with StoreReader(db) as reader:
        return reader.comparisons(tag)


def stored_object(stored: StoredComparison) -> dict[str, Any]:
    """Return a stored comparison, without its runs, as plain JSON data."""
    return {
        "comparison": stored.id,
        "created_at": stored.created_at,
        "scenario": stored.head.scenario,
        "contenders": list(stored.head.contenders),
        "seeds": list(stored.head.seeds),
        "planned_runs": stored.head.planned_runs,
        "stored_runs": stored.stored_runs,
        "failed_runs": stored.failed_runs,
        "worst_verdict": stored.worst_verdict or None,
        "tags": list(stored.tags),
        "notes": [note_object(note) for note in stored.notes],
        "package_version": stored.head.package_version,
    }


def note_object(note: Note) -> dict[str, Any]:
    """Return a note as plain JSON data; one on the comparison as a whole has no place."""
    place = {"contender": note.contender, "seed": note.seed, "time_ns": note.time_ns}
    about = {name: value for name, value in place.items() if value not in ("", None)}
    return {"created_at": note.created_at, "text": note.text} | about


def _row(stored: StoredComparison) -> tuple[str, ...]:
    planned = stored.head.planned_runs
    runs = str(planned) if stored.stored_runs == planned else f"{stored.stored_runs} of {planned}"
    return (
        stored.id,
        stored.created_at[:19].replace("T", " "),
        stored.head.scenario,
        str(len(stored.head.contenders)),
        f"{runs}, {stored.failed_runs} failed" if stored.failed_runs else runs,
        stored.worst_verdict,
        " ".join(stored.tags),
    )
