"""``reclaimlab explore``: every schedule of a small scenario, or the one that breaks it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reclaimlab.cli import options
from reclaimlab.cli.columns import format_table
from reclaimlab.cli.example import example
from reclaimlab.cli.interrupt import StopSwitch
from reclaimlab.explore import proof, smaller, text
from reclaimlab.explore.explore import explore
from reclaimlab.explore.json_object import exploration_object, schedule_of
from reclaimlab.explore.replay import replay
from reclaimlab.explore.request import ExploreRequest, UnexplorableError
from reclaimlab.explore.schedule import schedule_object
from reclaimlab.explore.shorten import shorten
from reclaimlab.explore.size import advice
from reclaimlab.hosting.catalog import Catalog
from reclaimlab.hosting.contender import parse_contender
from reclaimlab.reports.json_object import dump
from reclaimlab.reports.readme import fill_block
from reclaimlab.runs.call_apart import call_apart
from reclaimlab.scenarios.canonical import scenario_toml
from reclaimlab.scenarios.reader import load_scenario
from reclaimlab.store.explorations import store_exploration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reclaimlab.explore.request import Exploration
    from reclaimlab.explore.schedule import Schedule


@click.command("explore", epilog=example("reclaimlab explore tiny-completion -c linux-3.10"))
@click.argument("scenario")
@click.option(
    "-c", "--contender", help="KERNEL[+FIX[(param=value,...)]]...  [default: the scenario's]."
)
@click.option("--all", "everyone", is_flag=True, help="A table: every kernel, every fix over -c.")
@click.option(
    "--grid", multiple=True, metavar="PATH=A,B", help="With --all, a column for each; may repeat."
)
@click.option("--markdown", is_flag=True, help="With --all, print the table as Markdown.")
@click.option(
    "--readme", type=click.Path(path_type=Path), help="With --all, put it between the marks there."
)
@click.option(
    "--granularity",
    type=click.Choice(["coarse", "fine"]),
    default="coarse",
    show_default=True,
    help="coarse: others come in at sleeps and between system calls; fine: whenever time passes.",
)
@click.option(
    "--max-states",
    type=click.IntRange(min=1),
    default=1_000_000,
    show_default=True,
    help="States after which the search is cut.",
)
@click.option(
    "--max-time",
    type=click.FloatRange(min=0.1),
    default=120.0,
    show_default=True,
    help="Seconds after which it is cut.",
)
@click.option(
    "--max-depth", type=click.IntRange(min=1), help="Longest schedule, in steps  [default: any]."
)
@click.option("--walks", type=click.IntRange(min=1), help="Follow random schedules instead.")
@click.option("--pct", type=click.IntRange(1, 9), help="Walks by priorities, for faults this deep.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of the walks.")
@click.option(
    "--jobs",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processes that share the search.",
)
@click.option("--no-reduction", is_flag=True, help="Look at moves that make no difference too.")
@click.option("--schedule", type=click.Path(path_type=Path), help="Write the schedule found here.")
@click.option(
    "--step",
    type=click.Choice(["message", "single"]),
    default="message",
    show_default=True,
    help="A line where somebody begins or ceases to wait, or each step and all it changes.",
)
@click.option(
    "--smallest", is_flag=True, help="Show it with the fewest tasks and pages that show it at all."
)
@click.option("--steps", is_flag=True, help="Show the stacks at every step.")
@click.option("--store", "stored", is_flag=True, help="Keep it, for runs list and runs show.")
@options.db
@options.settings
@options.quiet
@options.as_json
def command(
    scenario: str,
    contender: str | None,
    everyone: bool,
    grid: tuple[str, ...],
    markdown: bool,
    readme: Path | None,
    granularity: str,
    max_states: int,
    max_time: float,
    max_depth: int | None,
    walks: int | None,
    pct: int | None,
    seed: int,
    jobs: int,
    no_reduction: bool,
    schedule: Path | None,
    step: str,
    smallest: bool,
    steps: bool,
    stored: bool,
    db: Path,
    settings: tuple[str, ...],
    quiet: bool,
    as_json: bool,
) -> None:
    """Look at every schedule of a small scenario: proof or counterexample.

    SCENARIO is one of the tiny-* scenarios, or any that draws no random numbers. With --walks, and
    --pct, random schedules are followed instead, and what that promises is said.
    """
    if pct and not walks:
        raise click.UsageError("--pct says how --walks go: give --walks too, such as --walks 1000")
    if walks and jobs > 1:
        raise click.UsageError(
            "--jobs share the search of every schedule; --walks take one process"
        )
    if (grid or markdown or readme) and not everyone:
        raise click.UsageError("--grid, --markdown and --readme are of the table that --all makes")
    request = ExploreRequest(
        scenario_text="", scenario=scenario, contender=contender or "", granularity=granularity,
        max_states=max_states, max_seconds=max_time, max_depth=max_depth or 0,
        reduce=not no_reduction, walks=walks or 0, pct=pct or 0, seed=seed, jobs=jobs,
    )  # fmt: skip
    if everyone:
        cells, objects = _cells(request, settings, grid, quiet=quiet, as_json=as_json)
        _print_table(cells, objects, as_json=as_json, markdown=markdown)
        if readme is not None:
            fill_block(readme, "proof", proof.markdown(cells) + "\n")
        return
    request = _about(request, settings)
    found = _explore(request, quiet=quiet)
    shown = _counterexample(request, found)
    fewer = _smallest(request, shown, quiet=quiet) if smallest and shown is not None else None
    if fewer is not None:
        shown = fewer.shown
    if schedule is not None and shown is not None:
        schedule.write_text(json.dumps(schedule_object(shown), indent=1) + "\n")
    kept = store_exploration(db, _object(request, found)) if stored else ""
    if as_json:
        click.echo(dump(_object(request, found)), nl=False)
        return
    click.echo(text.summary(request.scenario, request.contender, granularity, found))
    if not found.exhausted and found.walks is None:
        click.echo(f"\n{advice(request, found)}", err=True)
    if kept:
        click.echo(f"\nstored as {kept}: reclaimlab runs show {kept}", err=True)
    if shown is not None:
        where = f", with {', '.join(fewer.settings)}" if fewer is not None else ""
        click.echo(f"\nthe shortest schedule that violates {shown.shows}{where}:")
        replayed = call_apart(shown.contender, replay, shown)
        click.echo(text.steps(replayed, whole=steps, single=step == "single"))


def _about(request: ExploreRequest, settings: tuple[str, ...]) -> ExploreRequest:
    """Return the request with its scenario read and its contender spelt out."""
    loaded = load_scenario(request.scenario, settings)
    contender = str(parse_contender(request.contender or loaded.kernel, Catalog.discover()))
    return replace(
        request, scenario=loaded.name, scenario_text=scenario_toml(loaded), contender=contender
    )


def _explore(request: ExploreRequest, *, quiet: bool) -> Exploration:
    def progress(states: int, transitions: int) -> None:
        if not quiet:
            click.echo(f"\r{states} states, {transitions} transitions ", err=True, nl=False)

    with StopSwitch() as switch:
        found = explore(request, progress=progress, stop=switch.asked)
    if not quiet:
        click.echo("\r", err=True, nl=False)
    return found


def _counterexample(request: ExploreRequest, found: Exploration) -> Schedule | None:
    """Return the schedule to show: of the first property that does not hold."""
    for name in text.names_of(found):
        violation = found.violations.get(name)
        if violation is not None:
            shown = schedule_of(request, name, violation)
            shorter = partial(shorten, is_shortest=found.exhausted)
            shortened: Schedule = call_apart(request.contender, shorter, shown)
            return shortened
    return None


@dataclass(frozen=True, slots=True)
class _Fewer:
    """A counterexample in a smaller scenario."""

    settings: tuple[str, ...]
    shown: Schedule


def _smallest(request: ExploreRequest, shown: Schedule, *, quiet: bool) -> _Fewer | None:
    found = smaller.smallest(request, shown.shows, partial(_explore, quiet=quiet))
    if found is None:
        return None
    settings, asked, explored = found
    kept = {shown.shows: explored.violations[shown.shows]}
    schedule = _counterexample(asked, replace(explored, violations=kept))
    return _Fewer(settings, schedule) if schedule is not None else None


def _object(request: ExploreRequest, found: Exploration) -> dict[str, Any]:
    described: dict[str, Any] = call_apart(request.contender, exploration_object, request, found)
    return described


def _cells(
    request: ExploreRequest,
    settings: tuple[str, ...],
    grid: tuple[str, ...],
    *,
    quiet: bool,
    as_json: bool,
) -> tuple[list[proof.Cell], list[dict[str, Any]]]:
    """Explore every kernel, and every fix over the request's contender, in each cell."""
    base = _about(request, settings).contender
    cells, objects = [], []
    for contender in proof.contenders(Catalog.discover(), base):
        for setting in _settings_of(grid):
            one = _about(replace(request, contender=contender), (*settings, *setting))
            name = ", ".join(setting)
            try:
                found = _explore(one, quiet=quiet)
            except UnexplorableError as error:
                click.echo(f"{one.contender}: {error}", err=True)
                cells.append(proof.Cell(one.contender, name, "cannot be explored", 0))
                continue
            if as_json:
                objects.append(exploration_object(one, found) | {"settings": list(setting)})
            cells.append(proof.Cell(one.contender, name, proof.outcome(found), found.states))
    return cells, objects


def _print_table(
    cells: list[proof.Cell], objects: list[dict[str, Any]], *, as_json: bool, markdown: bool
) -> None:
    if as_json:
        scenario = objects[0]["scenario"] if objects else ""
        table = {"schema": 1, "scenario": scenario, "explorations": objects}
        click.echo(dump(table), nl=False)
    elif markdown:
        click.echo(proof.markdown(cells))
    else:
        click.echo(format_table(*proof.rows(cells)))


def _settings_of(grid: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield the settings of each column: every value of each with every one of the others."""
    axes: list[list[str]] = []
    for axis in grid:
        name, equals, values = axis.partition("=")
        if not equals or not values.strip(","):
            raise click.UsageError(f"--grid {axis!r} names no values; write workers=1,2")
        axes.append([f"{name}={value}" for value in values.split(",") if value])
    yield from product(*axes)
