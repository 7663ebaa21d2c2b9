"""Progress of very many runs on stderr: a bar on a terminal, a line every few seconds otherwise."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import click

from reclaimlab.cli.progress import bar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reclaimlab.sweep.execute import Tally, Watcher

_EVERY_S: Final = 5.0


@contextmanager
def tally_progress(*, quiet: bool) -> Iterator[Watcher]:
    """Show how far the runs are; yields the watcher to hand on."""
    if quiet:
        yield lambda _tally: None
    elif sys.stderr.isatty():
        with _bar() as watch:
            yield watch
    else:
        yield _Lines()


class _Lines:
    """A line now and then, with the time that is left at the pace so far."""

    def __init__(self) -> None:
        self._began = self._told = time.monotonic()

    def __call__(self, tally: Tally) -> None:
        now = time.monotonic()
        if now - self._told < _EVERY_S:
            return
        self._told = now
        click.echo(f"{tally.done}/{tally.planned} runs{self._left(tally, now)}", err=True)

    def _left(self, tally: Tally, now: float) -> str:
        if not tally.ran:
            return ""
        left = (tally.planned - tally.done) * (now - self._began) / tally.ran
        return f", about {duration(left)} left"


def duration(seconds: float) -> str:
    """Return a length of real time as people say it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


@contextmanager
def _bar() -> Iterator[Watcher]:
    with bar(None) as (drawn, task):

        def watch(tally: Tally) -> None:
            told = f"{tally.ran} simulated, {tally.answered + tally.before} from the store"
            drawn.update(task, completed=tally.done, total=tally.planned, description=told)

        yield watch
