"""``reclaimlab sweep SCENARIO``: where it breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reclaimlab.cli import options, plugin_options
from reclaimlab.cli.example import example
from reclaimlab.cli.group import EXIT_FAILED_ON
from reclaimlab.cli.interrupt import StopSwitch
from reclaimlab.cli.sweep import places
from reclaimlab.cli.sweep.outcome import exit_code
from reclaimlab.cli.sweep.tally import tally_progress
from reclaimlab.cli.sweep.text import shown_metric, text_table
from reclaimlab.hosting.contender import parse_contender
from reclaimlab.measure.records import Verdict
from reclaimlab.reports.json_object import dump
from reclaimlab.runs.run import installed_policies
from reclaimlab.store.sweeps import SweepReader, SweepWriter
from reclaimlab.sweep.axis import parse_axis
from reclaimlab.sweep.design import DESIGNS, make_design
from reclaimlab.sweep.estimate import estimate
from reclaimlab.sweep.execute import run_sweep
from reclaimlab.sweep.plan import Source, SweepPlan
from reclaimlab.sweep.table import summarise_points, sweep_object
from reclaimlab.sweep.values import SweepError

if TYPE_CHECKING:
    from pathlib import Path

    from reclaimlab.sweep.execute import Tally


@click.command(
    "run",
    epilog=example(
        "reclaimlab sweep run xfs-hardlimit-dd -c linux-3.10 "
        "--vary memcg.box.limit=16M,32M,64M --vary device.sda.write_bw=5M..100M:6"
    ),
)
@plugin_options.scenario
@options.contenders
@options.vary
@click.option(
    "--design",
    type=click.Choice(DESIGNS),
    default="grid",
    show_default=True,
    help="All combinations, or --samples of the ranges: Latin hypercube, Sobol sequence.",
)
@click.option("--samples", type=int, default=0, help="Points of a sample.")
@click.option(
    "--design-seed",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    help="Of a Latin hypercube.",
)
@options.seeds
@click.option("--shard", default="1/1", metavar="K/N", help="Only every N-th point, from the K-th.")
@click.option("--dry-run", is_flag=True, help="Count and time the runs; store nothing.")
@options.settings
@plugin_options.plugins
@options.db
@options.jobs
@places.cluster
@options.fail_on
@options.quiet
@options.as_json
@click.pass_context
def command(
    ctx: click.Context,
    scenario: str,
    contenders: tuple[str, ...],
    vary: tuple[str, ...],
    design: str,
    samples: int,
    design_seed: int,
    seeds: int,
    seed: int,
    shard: str,
    dry_run: bool,
    settings: tuple[str, ...],
    db: Path,
    jobs: int,
    cluster: str,
    fail_on: str | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Run a scenario over many values of what it is made of.

    --vary names a value of the scenario (memcg.box.limit), a parameter of it, or one of a policy
    (congestion-wait.timeout), and what it goes over: a,b,c or LOW..HIGH:COUNT, with :log behind
    for equal ratios. Each run is stored as soon as it ends: the same command goes on where it was
    cut off, and a run that any sweep has made is not made again.
    """
    source = Source.read(scenario, settings)
    names = canonical(contenders or (source.scenario({}).kernel,))
    axes = [parse_axis(each, source.text, scenario, names) for each in vary]
    plan = SweepPlan(
        "sweep",
        source,
        names,
        tuple(range(seed, seed + seeds)),
        make_design(design, axes, samples, design_seed),
    )
    plan.check()
    part = parse_shard(shard)
    if dry_run:
        told = estimate(plan, part, db, jobs)
        click.echo(dump(told.as_json()) if as_json else str(told), nl=not as_json)
        return
    tally = _run(plan, part, db, places.executor(cluster, jobs), quiet=quiet)
    with SweepReader(db) as reader:
        points = summarise_points(reader.runs(plan.head().id))
    stored = plan.head()
    if as_json:
        click.echo(dump(sweep_object(stored, points)), nl=False)
    else:
        click.echo(text_table(points, shown_metric(stored.decides)))
        click.echo(f"\n{tally_line(tally)}\nsweep {stored.id} is stored in {db}")
        click.echo(f"reclaimlab sweep show {stored.id}    has every metric")
    code = exit_code(tally)
    met = options.is_met(fail_on, [Verdict(each.verdict) for each in points if each.verdict])
    ctx.exit(code or (EXIT_FAILED_ON if met else 0))


def canonical(contenders: tuple[str, ...]) -> tuple[str, ...]:
    """Return the canonical spelling of each contender, each once."""
    catalog = installed_policies()
    return tuple(dict.fromkeys(str(parse_contender(each, catalog)) for each in contenders))


def parse_shard(text: str) -> tuple[int, int]:
    """Return ``(k, n)`` for ``k/n``.

    Raises:
        SweepError: not such a pair.
    """
    which, _, of = text.partition("/")
    if not (which.isdigit() and of.isdigit() and 1 <= int(which) <= int(of)):
        raise SweepError(f"--shard {text!r} is no part; write K/N with K from 1 to N, such as 3/16")
    return int(which), int(of)


def _run(
    plan: SweepPlan, part: tuple[int, int], db: Path, executor: places.Executor, *, quiet: bool
) -> Tally:
    # The cluster is asked first: an address where nobody is leaves no file behind.
    with (
        executor,
        SweepWriter(db) as writer,
        StopSwitch() as switch,
        tally_progress(quiet=quiet) as watch,
    ):
        return run_sweep(plan, writer, executor, shard=part, watch=watch, stop=switch.asked)


def tally_line(tally: Tally) -> str:
    """Return in one line where the runs came from."""
    parts = [f"{tally.ran} simulated", f"{tally.answered + tally.before} answered from the store"]
    if tally.retries:
        parts.append(f"{tally.retries} handed out again")
    if tally.lost:
        parts.append(f"{tally.lost} lost")
    return f"{tally.done} of {tally.planned} runs: {', '.join(parts)}"
