"""``reclaimlab sensitivity``: which values drive a metric."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING, Any

import click

from reclaimlab.cli import options, plugin_options
from reclaimlab.cli.asking import Asked, asks
from reclaimlab.cli.columns import format_table
from reclaimlab.cli.example import example
from reclaimlab.cli.interrupt import StopSwitch
from reclaimlab.cli.sweep.outcome import exit_code
from reclaimlab.cli.sweep.run import canonical
from reclaimlab.cli.sweep.tally import tally_progress
from reclaimlab.measure.records import METRICS, Verdict
from reclaimlab.reports.json_object import dump
from reclaimlab.store.sweeps import SweepReader, SweepWriter
from reclaimlab.sweep.axis import parse_axis
from reclaimlab.sweep.execute import run_sweep
from reclaimlab.sweep.plan import Source, SweepPlan
from reclaimlab.sweep.sensitivity import METHODS, Effect, effects, make_sensitivity_design

if TYPE_CHECKING:
    from reclaimlab.store.sweeps import SweepRun

BAD = "bad-verdict"


@click.command(
    "sensitivity",
    epilog=example(
        "reclaimlab sensitivity xfs-hardlimit-dd -c linux-3.10+congestion-wait "
        "--vary memcg.box.limit=16M..64M --vary congestion-wait.timeout=10ms..500ms --samples 8"
    ),
)
@plugin_options.scenario
@options.contender
@options.vary
@click.option(
    "--metric",
    type=click.Choice([BAD, *METRICS]),
    default="writer_throughput",
    show_default=True,
    help=f"What is explained; {BAD} is the share of the seeds that are not ok.",
)
@click.option(
    "--method",
    type=click.Choice(METHODS),
    default="morris",
    show_default=True,
    help="Screening with few runs, or indices of the variance with many.",
)
@click.option(
    "--samples",
    type=int,
    default=16,
    show_default=True,
    help="Trajectories of Morris, or base points of Sobol (a power of two).",
)
@asks
@click.pass_context
def command(
    ctx: click.Context,
    scenario: str,
    contender: str,
    vary: tuple[str, ...],
    metric: str,
    method: str,
    samples: int,
    asked: Asked,
) -> None:
    """Find which values drive a metric.

    --vary names values of the scenario or parameters of the contender's policies, each over
    LOW..HIGH (or a list). The runs are a sweep: they are resumed and stored like one.
    """
    source = Source.read(scenario, asked.settings)
    names = canonical((contender or source.scenario({}).kernel,))
    axes = [parse_axis(each, source.text, scenario, names) for each in vary]
    design = make_sensitivity_design(method, axes, samples, asked.seeds.start)
    plan = SweepPlan("sensitivity", source, names, tuple(asked.seeds), design)
    plan.check()
    with (
        asked.executor() as executor,
        SweepWriter(asked.db) as writer,
        StopSwitch() as switch,
        tally_progress(quiet=asked.quiet) as watch,
    ):
        tally = run_sweep(plan, writer, executor, watch=watch, stop=switch.asked)
    if code := exit_code(tally):
        ctx.exit(code)
    with SweepReader(asked.db) as reader:
        values = _values(reader.runs(plan.head().id), metric)
    found = effects(design, values, asked.seeds.start)
    if asked.as_json:
        click.echo(dump(_object(plan, metric, found)), nl=False)
    else:
        click.echo(describe(method, metric, found))
        runs = f"{plan.planned_runs} runs, {tally.ran} simulated"
        click.echo(f"\n{runs}; sweep {plan.head().id} is stored in {asked.db}")


def _values(runs: Any, metric: str) -> dict[int, float]:
    found: dict[int, list[float]] = {}
    for run in runs:
        value = _value(run, metric)
        if value is not None:
            found.setdefault(run.point, []).append(value)
    return {point: fmean(values) for point, values in found.items()}


def _value(run: SweepRun, metric: str) -> float | None:
    if metric == BAD:
        return float(run.verdict != Verdict.OK)
    return run.metrics.get(metric)


def describe(method: str, metric: str, found: list[Effect]) -> str:
    """Return the effects as a table, the strongest first."""
    unit = METRICS[metric].unit if metric in METRICS else "share"
    rows: list[tuple[str, ...]]
    header: tuple[str, ...]
    if method == "morris":
        header = ("value", f"mu* ({unit})", "+-", f"sigma ({unit})")
        rows = [(e.axis, f"{e.total:.4g}", f"{e.total_ci95:.2g}", f"{e.other:.4g}") for e in found]
        note = (
            "mu*: mean change of the metric over the value's whole range; "
            "sigma: how much that depends on the other values"
        )
    else:
        header = ("value", "ST", "+-", "S1", "+-")
        rows = [
            (e.axis, f"{e.total:.3f}", f"{e.total_ci95:.2g}", f"{e.other:.3f}", _half(e))
            for e in found
        ]
        note = (
            "share of the variance: ST with all interactions, S1 alone; +- is half of a 95 % "
            "interval, and one as wide as its index says that more --samples are needed"
        )
    return f"{metric}\n{format_table(header, rows)}\n\n{note}"


def _half(effect: Effect) -> str:
    return "-" if effect.other_ci95 is None else f"{effect.other_ci95:.2g}"


def _object(plan: SweepPlan, metric: str, found: list[Effect]) -> dict[str, Any]:
    morris = plan.design.name == "morris"
    total, other = ("mu_star", "sigma") if morris else ("ST", "S1")
    return {
        "schema": 1,
        "sweep": plan.head().id,
        "scenario": plan.source.name,
        "contender": plan.contenders[0],
        "metric": metric,
        "method": plan.design.name,
        "runs": plan.planned_runs,
        "effects": [
            {"value": e.axis, total: e.total, f"{total}_ci95": e.total_ci95, other: e.other}
            for e in found
        ],
    }
