"""What the commands that ask a question of many runs have in common: options, and how they end."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reclaimlab.cli import options, plugin_options
from reclaimlab.cli.group import EXIT_INTERRUPTED, EXIT_RUN_FAILED
from reclaimlab.cli.interrupt import StopSwitch
from reclaimlab.cli.sweep import places
from reclaimlab.cli.sweep.tally import tally_progress
from reclaimlab.store.sweeps import SweepWriter
from reclaimlab.sweep.evaluate import Evaluator, RunsFailedError, StoppedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reclaimlab.sweep.execute import Tally

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of every such command: which runs, where they are made and kept, what is told."""

    seeds: range
    settings: tuple[str, ...]
    db: Path
    jobs: int
    cluster: str
    quiet: bool
    as_json: bool

    def executor(self) -> places.Executor:
        """Return where the runs are made."""
        return places.executor(self.cluster, self.jobs)


def asks(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options, and hand them to ``command`` as its argument ``asked``."""

    @functools.wraps(command)
    def with_asked(
        seeds: int,
        seed: int,
        settings: tuple[str, ...],
        db: Path,
        jobs: int,
        cluster: str,
        quiet: bool,
        as_json: bool,
        **own: Any,
    ) -> Any:
        numbers = range(seed, seed + seeds)
        asked = Asked(numbers, settings, db, jobs, cluster, quiet, as_json)
        return command(asked=asked, **own)

    decorated: Callable[..., Any] = with_asked
    for decorate in (
        options.as_json, options.quiet, places.cluster, options.jobs, options.db,
        plugin_options.plugins, options.settings, options.seeds,
    ):  # fmt: skip
        decorated = decorate(decorated)
    return decorated


def ask(question: Callable[[Evaluator], Answer], asked: Asked) -> tuple[Answer, Tally]:
    """Return what ``question`` finds, and the runs it took; leaves the command if it cannot."""
    with (
        asked.executor() as executor,
        SweepWriter(asked.db) as writer,
        StopSwitch() as switch,
        tally_progress(quiet=asked.quiet) as watch,
    ):
        evaluator = Evaluator(writer, executor, watch, switch.asked)
        context = click.get_current_context()
        try:
            return question(evaluator), evaluator.tally
        except StoppedError:
            told = f"interrupted: {evaluator.tally.ran} runs are stored; the same command goes on"
            click.echo(told, err=True)
            context.exit(EXIT_INTERRUPTED)
        except RunsFailedError as error:
            click.echo(str(error), err=True)
            context.exit(EXIT_RUN_FAILED)


def came_from(tally: Tally) -> str:
    """Return in one line where the runs came from."""
    return f"{tally.ran} runs simulated, {tally.answered} answered from the store"
