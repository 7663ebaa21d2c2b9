"""``reclaimlab explore``: every schedule of a small scenario, or the one that breaks it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reclaimlab.cli import options
from reclaimlab.cli.columns import format_table
from reclaimlab.cli.example import example
from reclaimlab.cli.interrupt import StopSwitch
from reclaimlab.explore import text
from reclaimlab.explore.explore import explore
from reclaimlab.explore.json_object import exploration_object
from reclaimlab.explore.replay import replay
from reclaimlab.explore.request import ExploreRequest
from reclaimlab.explore.schedule import Schedule, schedule_object
from reclaimlab.hosting.catalog import Catalog
from reclaimlab.hosting.contender import parse_contender
from reclaimlab.reports.json_object import dump
from reclaimlab.runs.call_apart import call_apart
from reclaimlab.scenarios.canonical import scenario_toml
from reclaimlab.scenarios.reader import load_scenario

if TYPE_CHECKING:
    from reclaimlab.explore.request import Exploration
    from reclaimlab.scenarios.schema import Scenario


@click.command("explore", epilog=example("reclaimlab explore tiny-completion -c linux-3.10"))
@click.argument("scenario")
@click.option(
    "-c", "--contender", help="KERNEL[+FIX[(param=value,...)]]...  [default: the scenario's]."
)
@click.option("--all", "everyone", is_flag=True, help="A table: every kernel, every fix over -c.")
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
@click.option("--no-reduction", is_flag=True, help="Look at moves that make no difference too.")
@click.option("--schedule", type=click.Path(path_type=Path), help="Write the schedule found here.")
@click.option("--steps", is_flag=True, help="Show the stacks at every step.")
@options.settings
@options.quiet
@options.as_json
def command(
    scenario: str,
    contender: str | None,
    everyone: bool,
    granularity: str,
    max_states: int,
    max_time: float,
    max_depth: int | None,
    no_reduction: bool,
    schedule: Path | None,
    steps: bool,
    settings: tuple[str, ...],
    quiet: bool,
    as_json: bool,
) -> None:
    """Look at every schedule of a small scenario: proof or counterexample.

    SCENARIO is one of the tiny-* scenarios, or any that draws no random numbers. Nothing is stored.
    """
    loaded = load_scenario(scenario, settings)
    request = ExploreRequest(
        scenario_text=scenario_toml(loaded), scenario=loaded.name,
        contender=_canonical(contender or loaded.kernel), granularity=granularity,
        max_states=max_states, max_seconds=max_time, max_depth=max_depth or 0,
        reduce=not no_reduction,
    )  # fmt: skip
    if everyone:
        _table(loaded, request, quiet=quiet, as_json=as_json)
        return
    found = _explore(request, quiet=quiet)
    shown = _counterexample(request, found)
    if schedule is not None and shown is not None:
        schedule.write_text(json.dumps(schedule_object(shown), indent=1) + "\n")
    if as_json:
        click.echo(
            dump(call_apart(request.contender, exploration_object, request, found)), nl=False
        )
        return
    click.echo(text.summary(loaded.name, request.contender, granularity, found))
    if shown is not None:
        click.echo(f"\nthe shortest schedule that violates {shown.shows}:")
        click.echo(text.steps(call_apart(shown.contender, replay, shown), whole=steps))


def _canonical(contender: str) -> str:
    return str(parse_contender(contender, Catalog.discover()))


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
            return Schedule(
                request.scenario, request.scenario_text, request.contender, request.granularity,
                name, violation.what, violation.no_return, violation.steps,
            )  # fmt: skip
    return None


def _table(loaded: Scenario, request: ExploreRequest, *, quiet: bool, as_json: bool) -> None:
    """Explore every kernel, and every fix over the request's contender."""
    catalog = Catalog.discover()
    contenders = [
        name if policy.info.kind == "kernel" else f"{request.contender}+{name}"
        for name, policy in catalog.policies.items()
    ]
    rows, objects = [], []
    for contender in dict.fromkeys([request.contender, *contenders]):
        one = _with(request, contender)
        found = _explore(one, quiet=quiet)
        objects.append(call_apart(contender, exploration_object, one, found))
        cells = ["VIOLATED" if n in found.violations else "holds" for n in text.names_of(found)]
        rows.append((contender, "all" if found.exhausted else "part", str(found.states), *cells))
    if as_json:
        click.echo(dump({"schema": 1, "scenario": loaded.name, "explorations": objects}), nl=False)
        return
    head = ("contender", "schedules", "states", *text.names_of(found))
    click.echo(format_table(head, rows))


def _with(request: ExploreRequest, contender: str) -> ExploreRequest:
    from dataclasses import replace

    changes: dict[str, Any] = {"contender": contender}
    return replace(request, **changes)
