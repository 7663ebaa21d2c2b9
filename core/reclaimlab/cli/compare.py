"""``reclaimlab compare``: the main job, contenders head to head on one scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from reclaimlab.cli import options, plugin_options
from reclaimlab.cli.columns import format_table
from reclaimlab.cli.example import example
from reclaimlab.cli.group import EXIT_FAILED_ON, EXIT_INTERRUPTED, EXIT_RUN_FAILED
from reclaimlab.cli.interrupt import StopSwitch
from reclaimlab.cli.progress import progress
from reclaimlab.reports.json_object import comparison_object, dump
from reclaimlab.reports.numbers import gain_text, scale_for
from reclaimlab.reports.text import verdict_text
from reclaimlab.runs.compare import AUTO_LIMIT, Plan, compare, compare_until_enough, make_plan
from reclaimlab.runs.run import installed_policies
from reclaimlab.scenarios.reader import load_scenario
from reclaimlab.store.writer import StoreWriter

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from reclaimlab.runs.comparison import Comparison, ContenderSummary

KEY_METRICS: Final = ("writer_throughput", "write_latency_p99", "longest_block")
"""Shown in the table, after the metric that decides; the report has all."""


class SeedCount(click.ParamType[int | None]):
    """A number of seeds from 1 on; ``auto`` is None."""

    name = "N|auto"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | None:
        """Return the number."""
        if value == "auto":
            return None
        number: int = click.IntRange(min=1).convert(value, param, ctx)
        return number


@click.command(
    "compare",
    epilog=example(
        "reclaimlab compare xfs-softlimit-hang -c linux-3.10 -c linux-3.10+may-enter-fs --seeds 20"
    ),
)
@plugin_options.scenario
@click.option(
    "-c",
    "--contender",
    "contenders",
    multiple=True,
    help="KERNEL[+FIX[(param=value,...)]]...; repeat it; the first is the baseline.",
)
@click.option("--all-fixes", is_flag=True, help="Also the first contender with each installed fix.")
@click.option(
    "--seeds",
    type=SeedCount(),
    default=10,
    show_default=True,
    help=f"How many seeds; auto: until they are enough, {AUTO_LIMIT} at most.",
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=1, show_default=True, help="The first seed."
)
@options.settings
@plugin_options.plugins
@options.db
@options.jobs
@options.check
@options.fail_on
@options.quiet
@options.as_json
@click.pass_context
def command(
    ctx: click.Context,
    scenario: str,
    contenders: tuple[str, ...],
    all_fixes: bool,
    seeds: int | None,
    seed: int,
    settings: tuple[str, ...],
    db: Path,
    jobs: int,
    check: bool,
    fail_on: str | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Compare contenders head to head on one scenario.

    SCENARIO is a name that `reclaimlab scenarios` lists, or a TOML file. Every contender runs with
    the same seeds. Each run is stored as soon as it ends; Ctrl-C keeps the finished ones.
    """
    loaded = load_scenario(scenario, settings)
    if not contenders and not all_fixes:
        raise click.UsageError(f"name contenders, such as -c {loaded.kernel}, or give --all-fixes")
    named = contenders or (loaded.kernel,)
    every = [*named, *(with_each_fix(named[0], named) if all_fixes else ())]
    plan = make_plan(loaded, every, range(seed, seed + (seeds or AUTO_LIMIT)), check=check)
    comparison = _run(plan, db, jobs, quiet=quiet, auto=seeds is None)
    if as_json:
        click.echo(dump(comparison_object(comparison)), nl=False)
    elif comparison.id:
        click.echo(describe(comparison, db))
    ctx.exit(exit_code(comparison, fail_on))


def with_each_fix(kernel: str, named: Sequence[str]) -> list[str]:
    """Return ``kernel`` with each installed fix over it, but for those that are named already."""
    fixes = [
        name for name, each in installed_policies().policies.items() if each.info.kind == "fix"
    ]
    return [text for name in fixes if (text := f"{kernel}+{name}") not in named]


def _run(plan: Plan, db: Path, jobs: int, *, quiet: bool, auto: bool) -> Comparison:
    with (
        StoreWriter(db) as writer,
        StopSwitch() as switch,
        progress(plan.head.planned_runs, quiet=quiet) as observers,
    ):
        chosen = compare_until_enough if auto else compare
        return chosen(plan, writer, jobs=jobs, observers=observers, stop=switch.asked)


def exit_code(comparison: Comparison, fail_on: str | None = None) -> int:
    """Return how the command ends, and say on stderr what went wrong."""
    planned, stored = comparison.head.planned_runs, comparison.stored_runs
    if stored < planned:
        way_out = f"`reclaimlab runs resume {comparison.id}` makes the others"
        click.echo(f"interrupted: {stored} of {planned} runs are stored; {way_out}", err=True)
        return EXIT_INTERRUPTED
    failures = [record for each in comparison.contenders for record in each.failures]
    for record in failures:
        click.echo(f"{record.contender} seed {record.seed} failed: {record.error}", err=True)
    for fault in comparison.faults:
        click.echo(fault, err=True)
    if failures or comparison.faults:
        return EXIT_RUN_FAILED
    met = options.is_met(fail_on, [each.verdict for each in comparison.contenders])
    return EXIT_FAILED_ON if met else 0


def describe(comparison: Comparison, db: Path) -> str:
    """Return the table of a comparison, and how to get at the rest."""
    wanted = dict.fromkeys((comparison.head.decides, *KEY_METRICS))
    names = [name for name in wanted if name in comparison.metric_names()]
    header = ("contender", "verdict", *names)
    rows = [_row(comparison, each, names) for each in comparison.contenders]
    return (
        f"{format_table(header, rows)}\n\n"
        f"comparison {comparison.id} is stored in {db}\n"
        f"reclaimlab report {comparison.id} --format text    has every metric, stack and cycle"
    )


def _row(
    comparison: Comparison, contender: ContenderSummary, names: Sequence[str]
) -> tuple[str, ...]:
    cells = (_cell(comparison, contender, name) for name in names)
    return (contender.contender, verdict_text(contender), *cells)


def _cell(comparison: Comparison, contender: ContenderSummary, name: str) -> str:
    if name not in contender.metrics:
        return "-"
    summary = contender.metrics[name]
    means = [each.metrics[name].mean for each in comparison.contenders if name in each.metrics]
    judged = comparison.pair(contender.contender, name)
    gain = gain_text(summary.info, judged) if judged else ""
    return f"{scale_for(summary.info, means).quantity(summary.mean)} {gain}".strip()
