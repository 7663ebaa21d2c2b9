"""``reclaimlab matrix``: every scenario of the library against its contenders, in one file."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reclaimlab.cli import options
from reclaimlab.cli.example import example
from reclaimlab.cli.group import EXIT_INTERRUPTED, EXIT_RUN_FAILED
from reclaimlab.cli.interrupt import StopSwitch
from reclaimlab.cli.progress import progress
from reclaimlab.errors import Fault, ReclaimlabError, ScenarioError, did_you_mean
from reclaimlab.reports.json_object import dump
from reclaimlab.reports.matrix import matrix_tables
from reclaimlab.runs.fill_grid import failures, fill_grid, missing_runs
from reclaimlab.runs.grid import (
    CONTENDERS,
    Grid,
    cases_named,
    grid_object,
    read_grid,
    write_grid,
)
from reclaimlab.scenarios.builtin import builtin_scenarios

if TYPE_CHECKING:
    from collections.abc import Sequence


@click.command("matrix", epilog=example("reclaimlab matrix --seeds 5 --only dd-usb-xfs -o m.json"))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("matrix.json"),
    show_default=True,
    help="The file of verdicts; cells that are in it and still current are kept.",
)
@click.option(
    "--seeds", type=click.IntRange(min=1), default=20, show_default=True, help="How many seeds."
)
@click.option("--only", multiple=True, metavar="SCENARIO", help="This scenario; may be repeated.")
@click.option(
    "-c",
    "--contender",
    "contenders",
    multiple=True,
    help="This contender; repeat it  [default: the kernels, and each fix over linux-3.10].",
)
@click.option(
    "--readme",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Run nothing of the matrix: make the tables between the marks of this file anew.",
)
@options.jobs
@options.quiet
@options.as_json
@click.pass_context
def command(
    ctx: click.Context,
    output: Path,
    seeds: int,
    only: tuple[str, ...],
    contenders: tuple[str, ...],
    readme: Path | None,
    jobs: int,
    quiet: bool,
    as_json: bool,
) -> None:
    """Run every scenario against its contenders, into one file.

    The verdict of each seed is written as soon as a cell is whole, so Ctrl-C keeps those, and the
    same command goes on. A cell is run again when its scenario or the simulator's code has changed.
    """
    if readme is not None:
        from reclaimlab.reports.readme import refresh_readme

        refresh_readme(readme, read_grid(output))
        return
    _check_names(only)
    grid = read_grid(output) if output.exists() else Grid()
    whole = _fill(grid, output, (seeds, only, contenders or CONTENDERS), jobs, quiet=quiet)
    click.echo(dump(grid_object(grid)) if as_json else matrix_tables(grid), nl=False)
    ctx.exit(_exit_code(grid, output, whole=whole))


def _check_names(only: Sequence[str]) -> None:
    known = builtin_scenarios()
    for name in only:
        if name not in known:
            hint = did_you_mean(name, known, what="scenarios")
            raise ScenarioError(name, [Fault(f"there is no such scenario; {hint}")])


def _fill(
    grid: Grid,
    output: Path,
    wanted: tuple[int, Sequence[str], Sequence[str]],
    jobs: int,
    *,
    quiet: bool,
) -> bool:
    seeds, only, contenders = wanted
    missing = missing_runs(grid, cases_named(only), contenders, seeds)
    if not output.parent.is_dir():
        raise ReclaimlabError(f"matrix {output} cannot be written: {output.parent} is no folder")
    planned = sum(len(each.requests) for each in missing)
    with StopSwitch() as switch, progress(planned, quiet=quiet) as observers:
        return fill_grid(
            grid,
            missing,
            jobs=jobs,
            observers=observers,
            stop=switch.asked,
            cell_done=partial(write_grid, path=output),
        )


def _exit_code(grid: Grid, output: Path, *, whole: bool) -> int:
    if not whole:
        click.echo(f"interrupted: the finished cells are in {output}", err=True)
        return EXIT_INTERRUPTED
    failed = list(failures(grid))
    for line in failed:
        click.echo(line, err=True)
    return EXIT_RUN_FAILED if failed else 0
