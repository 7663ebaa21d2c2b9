"""``reclaimlab run``: one contender, one seed, and everything that came of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reclaimlab.cli import options, plugin_options
from reclaimlab.cli.columns import format_table
from reclaimlab.cli.example import example
from reclaimlab.cli.group import EXIT_FAILED_ON, EXIT_RUN_FAILED
from reclaimlab.measure.records import METRICS
from reclaimlab.reports.incident_text import incident_lines
from reclaimlab.reports.json_object import dump, run_object
from reclaimlab.reports.numbers import scale_for
from reclaimlab.runs.apart import run_apart
from reclaimlab.runs.call_apart import call_apart
from reclaimlab.scenarios.reader import load_scenario

if TYPE_CHECKING:
    from reclaimlab.runs.run import RunRequest
    from reclaimlab.store.records import RunRecord


@click.command(
    "run",
    epilog=example("reclaimlab run xfs-softlimit-hang -c linux-3.10+congestion-wait --seed 3"),
)
@plugin_options.scenario
@click.option(
    "-c", "--contender", help="KERNEL[+FIX[(param=value,...)]]...  [default: the scenario's]."
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Seed of the run."
)
@click.option(
    "--schedule",
    type=click.Path(path_type=Path),
    help="Show a schedule that explore wrote, step by step; SCENARIO must be its scenario.",
)
@options.settings
@plugin_options.plugins
@options.check
@options.fail_on
@options.quiet
@options.as_json
@click.pass_context
def command(
    ctx: click.Context,
    scenario: str,
    contender: str | None,
    seed: int,
    schedule: Path | None,
    settings: tuple[str, ...],
    check: bool,
    fail_on: str | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Run one contender once: verdict, metrics, incident.

    SCENARIO is a name that `reclaimlab scenarios` lists, or a TOML file. Nothing is stored.
    """
    del quiet  # a single run shows no progress
    if schedule is not None:
        _show_schedule(schedule, scenario, as_json=as_json)
        return
    loaded = load_scenario(scenario, settings)
    named = loaded.kernel if contender is None else contender
    record = run_apart(loaded, named, seed, check=check, printed=_show_printed)
    click.echo(dump(run_object(record)) if as_json else describe(record), nl=not as_json)
    faults = [each.error for each in record.plugin_metrics if each.error]
    for fault in faults:
        click.echo(fault, err=True)
    if faults:
        ctx.exit(EXIT_RUN_FAILED)
    if record.result and options.is_met(fail_on, [record.result.verdict]):
        ctx.exit(EXIT_FAILED_ON)


def _show_schedule(path: Path, scenario: str, *, as_json: bool) -> None:
    """Replay what explore found, on the model's ordinary generators."""
    from reclaimlab.explore import text
    from reclaimlab.explore.json_object import step_object
    from reclaimlab.explore.replay import replay
    from reclaimlab.explore.schedule import read_schedule

    schedule = read_schedule(path)
    if schedule.scenario not in (scenario, Path(scenario).stem):
        msg = f"schedule {path} is of scenario {schedule.scenario}, not of {scenario}"
        raise click.UsageError(msg)
    views = call_apart(schedule.contender, replay, schedule)
    if as_json:
        click.echo(dump([step_object(view) for view in views]), nl=False)
        return
    click.echo(f"{schedule.scenario}, {schedule.contender}: {schedule.shows}: {schedule.what}")
    click.echo(text.steps(views, whole=True))


def _show_printed(_request: RunRequest, text: str) -> None:
    click.echo(text, err=True, nl=not text.endswith("\n"))


def describe(record: RunRecord) -> str:
    """Return a run that has a result as a block that people read."""
    result = record.result
    assert result is not None
    measured = {METRICS[name]: value for name, value in result.metrics.items()}
    measured |= {each.info: each.value for each in record.plugin_metrics if each.value is not None}
    rows = [
        (info.name, scale_for(info, [value]).quantity(value)) for info, value in measured.items()
    ]
    head = (
        f"{result.scenario}, {result.contender}, seed {result.seed}, {result.schedule}\n"
        f"verdict  {result.verdict}\n"
        f"ended    {result.ended}, at {result.ended_ns / 1e9:.3f} s"
    )
    parts = [head, format_table(("metric", "value"), rows)]
    if result.incident is not None:
        parts.append("\n".join(incident_lines(result.incident, result.contender, result.seed)))
    return "\n\n".join(parts)
