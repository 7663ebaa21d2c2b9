"""What the commands that ask for verdicts batch by batch have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import click

from reclaimlab.cli.group import EXIT_INTERRUPTED, EXIT_RUN_FAILED
from reclaimlab.cli.interrupt import StopSwitch
from reclaimlab.cli.sweep.tally import tally_progress
from reclaimlab.store.sweeps import SweepWriter
from reclaimlab.sweep.evaluate import Evaluator, RunsFailedError, StoppedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reclaimlab.cli.sweep import places
    from reclaimlab.sweep.execute import Tally

Answer = TypeVar("Answer")


def ask(
    question: Callable[[Evaluator], Answer], executor: places.Executor, db: Path, *, quiet: bool
) -> tuple[Answer, Tally]:
    """Return what ``question`` finds, and the runs it took; leaves the command if it cannot."""
    with (
        executor,
        SweepWriter(db) as writer,
        StopSwitch() as switch,
        tally_progress(quiet=quiet) as watch,
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
