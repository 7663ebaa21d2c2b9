"""Progress on stderr: a bar on a terminal, a line a run otherwise, nothing if quiet."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.progress import Progress, TaskID

    from reclaimlab.runs.events import Observer, RunEvent


@contextmanager
def progress(planned: int, *, quiet: bool) -> Iterator[tuple[Observer, ...]]:
    """Show how far the ``planned`` runs are; yields the observers to hand to the runs."""
    if quiet:
        yield ()
    elif sys.stderr.isatty():
        with _bar(planned) as observer:
            yield (observer,)
    else:
        yield (_line,)


def describe(event: RunEvent) -> str:
    """Return what happened in one line."""
    record = event.record
    came_to = f"failed: {record.error}"
    if record.result is not None:
        came_to = f"{record.result.verdict} at {record.result.ended_ns / 1e9:.3f} s"
    return f"{event.done}/{event.planned} {record.contender} seed {record.seed}: {came_to}"


def _line(event: RunEvent) -> None:
    click.echo(describe(event), err=True)


@contextmanager
def counted(planned: int, *, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Show how many of ``planned`` steps are done; yields what to call, by name, after each."""
    done = 0

    def line(what: str) -> None:
        nonlocal done
        done += 1
        if not quiet:
            click.echo(f"{done}/{planned} {what}", err=True)

    if quiet or not sys.stderr.isatty():
        yield line
    else:
        with bar(planned) as (drawn, task):
            yield lambda what: drawn.update(task, advance=1, description=what)


@contextmanager
def bar(planned: int | None) -> Iterator[tuple[Progress, TaskID]]:
    """Draw a bar of runs on the terminal, with the time that remains and what was told last."""
    # Only here: rich costs 50 ms, and most calls have no terminal to draw on.
    from rich import progress as rich
    from rich.console import Console

    columns = (
        rich.BarColumn(bar_width=24),
        rich.MofNCompleteColumn(),
        rich.TimeRemainingColumn(),
        rich.TextColumn("{task.description}"),
    )
    with rich.Progress(*columns, console=Console(stderr=True), transient=True) as drawn:
        yield drawn, drawn.add_task("starting", total=planned)


@contextmanager
def _bar(planned: int) -> Iterator[Observer]:
    from rich.markup import escape

    with bar(planned) as (drawn, task):
        yield lambda event: drawn.update(task, advance=1, description=escape(describe(event)))
