"""``reclaimlab boundary``: the value at which a verdict flips."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from reclaimlab.cli import options, plugin_options
from reclaimlab.cli.asking import Asked, ask, asks, came_from
from reclaimlab.cli.columns import format_table
from reclaimlab.cli.example import example
from reclaimlab.cli.sweep.run import canonical
from reclaimlab.measure.records import Verdict
from reclaimlab.reports.json_object import dump
from reclaimlab.sweep.axis import parse_axis
from reclaimlab.sweep.boundary import Question, Threshold, find_boundary
from reclaimlab.sweep.plan import Source, check_values
from reclaimlab.sweep.values import SweepError

if TYPE_CHECKING:
    from reclaimlab.sweep.axis import Axis
    from reclaimlab.sweep.execute import Tally


@click.command(
    "boundary",
    epilog=example(
        "reclaimlab boundary dd-usb-xfs -c linux-6.18 --find memcg.box.limit=8M..256M "
        "--tolerance 2M --over device.sda.write_bw=5MB,20MB,100MB"
    ),
)
@plugin_options.scenario
@options.contender
@click.option("--find", required=True, metavar="PATH=LOW..HIGH", help="The value to search.")
@click.option("--tolerance", required=True, help="How near to the flip, such as 2M.")
@click.option(
    "--over",
    multiple=True,
    metavar="PATH=VALUES",
    help="A value the curve goes over, as --vary of `sweep`; may be repeated.",
)
@click.option(
    "--accept",
    type=click.Choice([str(verdict) for verdict in Verdict]),
    default="ok",
    show_default=True,
    help="This verdict and better ones survive.",
)
@click.option(
    "--probes",
    type=click.IntRange(min=2, max=1000),
    default=5,
    show_default=True,
    help="Values tried over the whole range before bisection: more see narrower islands.",
)
@click.option(
    "--guards",
    type=click.IntRange(min=0, max=1000),
    default=3,
    show_default=True,
    help="Values tried above the highest flip, a tolerance apart, in case it is ragged there.",
)
@asks
def command(
    scenario: str,
    contender: str,
    find: str,
    tolerance: str,
    over: tuple[str, ...],
    accept: str,
    probes: int,
    guards: int,
    asked: Asked,
) -> None:
    """Find the value at which a verdict flips, as a curve over others.

    Probes the whole range, then halves between each two probes that differ, for each seed by
    itself, and looks whether a few values above the highest flip survive too. The threshold is
    given as an interval: with every seed the run survives above it.
    """
    source = Source.read(scenario, asked.settings)
    (name,) = canonical((contender or source.scenario({}).kernel,))
    axis = parse_axis(find, source.text, scenario, (name,))
    question = Question(
        source,
        name,
        axis,
        tuple(parse_axis(each, source.text, scenario, (name,)) for each in over),
        tuple(asked.seeds),
        _tolerance(tolerance, axis),
        Verdict(accept),
        probes,
        guards,
    )
    question.check()
    check_values(source, (name,), (axis, *question.over))
    found, tally = ask(partial(find_boundary, question), asked)
    if asked.as_json:
        click.echo(dump(boundary_object(question, found, tally)), nl=False)
    else:
        click.echo(describe(question, found, tally))


def _tolerance(text: str, axis: Axis) -> float:
    try:
        return axis.kind.read(text)
    except ValueError as error:
        raise SweepError(f"--tolerance {text!r}: {error}") from None


def describe(question: Question, found: list[Threshold], tally: Tally) -> str:
    """Return the curve as a table, and what it cost."""
    name = question.find.name
    header = (*(axis.name for axis in question.over), name, "between", "flips a seed")
    rows = [(*(value for _, value in each.place), *_cells(question, each)) for each in found]
    runs = tally.ran + tally.answered
    share = runs / question.grid_runs()
    kinks = sum(each.flips > 1 for each in found)
    note = (
        f"\n{kinks} of {len(found)} places are not monotone there: the highest flip is given"
        if kinks
        else ""
    )
    step = question.find.number_at(1 / (question.probes - 1)) - question.find.low
    return (
        f"{question.contender}: {question.accept} or better from\n\n{format_table(header, rows)}\n"
        f"{note}\n{runs} runs, {share:.1%} of the {question.grid_runs()} of a grid as fine "
        f"({came_from(tally)}); an island narrower than {question.find.kind.write(step)} "
        "between two probes would not be seen"
    )


def _cells(question: Question, each: Threshold) -> tuple[str, str, str]:
    write = question.find.kind.write
    flips = str(each.flips)
    if each.low is None:
        return f"below {write(question.find.low)}", "the whole range survives", flips
    if each.high is None:
        return f"over {write(question.find.high)}", "a seed fails at its high end", flips
    return write(each.high), f"{write(each.low)} and {write(each.high)}", flips


def boundary_object(question: Question, found: list[Threshold], tally: Tally) -> dict[str, Any]:
    """Return the curve as plain JSON data; numbers are bytes, bytes/s, ns or bare."""
    return {
        "schema": 1,
        "scenario": question.source.name,
        "contender": question.contender,
        "find": question.find.name,
        "unit": "ns" if question.find.kind.name == "s" else question.find.kind.name,
        "accept": str(question.accept),
        "tolerance": question.tolerance,
        "seeds": list(question.seeds),
        "runs": tally.ran + tally.answered,
        "grid_runs": question.grid_runs(),
        "curve": [
            {
                "over": dict(each.place),
                "low": each.low,
                "high": each.high,
                "middle": each.middle,
                "flips": each.flips,
                "seeds": {
                    str(seed): [
                        {
                            "below": flip.below,
                            "above": flip.above,
                            "survives_above": flip.survives_above,
                        }
                        for flip in flips
                    ]
                    for seed, flips in each.of_seeds
                },
            }
            for each in found
        ],
    }
