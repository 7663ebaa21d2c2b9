"""The options that several commands share, spelt and explained once."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from reclaimlab.measure.records import Verdict

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

FAIL_ON: Final = tuple(str(verdict) for verdict in Verdict if verdict is not Verdict.OK)


def _default_db(ctx: click.Context, _param: click.Parameter, value: Path | None) -> Path:
    if value is None:
        from reclaimlab.store.connection import default_path

        value = default_path()
    if not ctx.resilient_parsing:
        from reclaimlab.store.recovery import recovered

        for line in recovered(value):
            click.echo(line, err=True)
    return value


db: Decorator = click.option(
    "--db",
    type=click.Path(path_type=Path),
    callback=_default_db,
    help="File of the store  [default: RECLAIMLAB_DB, else in the user's data folder].",
)
as_json: Decorator = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON value instead."
)
quiet: Decorator = click.option("--quiet", "-q", is_flag=True, help="No progress on stderr.")
settings: Decorator = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="PATH=VALUE",
    help="Override one value of the scenario, such as memcg.box.limit=20M; may be repeated.",
)
check: Decorator = click.option(
    "--check", is_flag=True, help="Recount every invariant of the model on the way: slow."
)
jobs: Decorator = click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=lambda: len(os.sched_getaffinity(0)),
    help="Number of processes; 1 runs without any  [default: one a CPU].",
)
contender: Decorator = click.option(
    "-c",
    "--contender",
    default="",
    help="KERNEL[+FIX[(param=value,...)]]...  [default: the scenario's kernel].",
)
contenders: Decorator = click.option(
    "-c",
    "--contender",
    "contenders",
    multiple=True,
    help="KERNEL[+FIX[(param=value,...)]]...; repeat it  [default: the scenario's kernel].",
)
vary: Decorator = click.option(
    "--vary",
    multiple=True,
    metavar="PATH=VALUES",
    help="What goes over a,b,c or LOW..HIGH:COUNT[:log]; repeat it for more axes.",
)


MOST_SEEDS: Final = 1_000_000


def seeds(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say how many seeds, and from which on."""
    first = click.option(
        "--seed", type=click.IntRange(min=0), default=1, show_default=True, help="The first seed."
    )
    count = click.option(
        "--seeds",
        type=click.IntRange(min=1, max=MOST_SEEDS),
        default=1,
        show_default=True,
        help="How many seeds.",
    )
    return count(first(command))


fail_on: Decorator = click.option(
    "--fail-on",
    type=click.Choice(FAIL_ON),
    help="Exit with 1 if a verdict is this one or worse.",
)


def is_met(fail_on: str | None, verdicts: list[Verdict | None]) -> bool:
    """Say whether one of ``verdicts`` is as bad as ``fail_on`` or worse."""
    if fail_on is None:
        return False
    limit = Verdict(fail_on).severity
    return any(verdict is not None and verdict.severity <= limit for verdict in verdicts)
