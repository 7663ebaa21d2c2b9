"""``reclaimlab report``: the report of a stored comparison."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reclaimlab.cli import options
from reclaimlab.cli.example import example
from reclaimlab.errors import ReclaimlabError, did_you_mean
from reclaimlab.reports.evidence import NOTHING, Evidence, read_evidence
from reclaimlab.reports.formats import FORMATS, TIMELINE_FORMATS, render
from reclaimlab.reports.text import seeds_text
from reclaimlab.runs.comparison import Comparison, summarise
from reclaimlab.runs.inspect import inspect_run
from reclaimlab.scenarios.reader import read_scenario
from reclaimlab.store.reader import StoreReader

if TYPE_CHECKING:
    from reclaimlab.measure.timeline import Timeline


@click.command("report", epilog=example("reclaimlab report latest --format text -o report.txt"))
@click.argument("comparison_id", metavar="ID")
@click.option(
    "--format",
    "format_name",
    default="text",
    show_default=True,
    help=f"One of {', '.join((*FORMATS, *TIMELINE_FORMATS))}.",
)
@click.option(
    "-c",
    "--contender",
    "contenders",
    multiple=True,
    help="perfetto and ftrace: these contenders only  [default: all; ftrace: the baseline].",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    help="perfetto and ftrace: this seed  [default: of the first incident, else the first].",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write to this file.")
@options.db
def command(
    comparison_id: str,
    format_name: str,
    contenders: tuple[str, ...],
    seed: int | None,
    output: Path | None,
    db: Path,
) -> None:
    """Write the report of a stored comparison.

    ID is what `reclaimlab compare` printed, its beginning, or `latest`. The formats perfetto and
    ftrace show single runs, which are simulated again for that.
    """
    if format_name in TIMELINE_FORMATS:
        timelines = load_timelines(db, comparison_id, contenders, seed, one=format_name == "ftrace")
        text = TIMELINE_FORMATS[format_name](timelines)
    elif contenders or seed is not None:
        raise click.UsageError("--contender and --seed belong to --format perfetto or ftrace")
    else:
        text = render(*load_report(db, comparison_id, format_name))
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ReclaimlabError(f"report {output} cannot be written: {error.strerror}") from error


def load_report(db: Path, name: str, format_name: str) -> tuple[Comparison, str, Evidence]:
    """Return the arguments of render(); only what the format shows is read.

    Raises:
        StoreError: there is no such store or comparison.
    """
    comparison = load_comparison(db, name)
    if format_name != "html":
        return comparison, format_name, NOTHING
    with StoreReader(db) as reader:
        return comparison, format_name, read_evidence(reader, comparison)


def load_timelines(
    db: Path, name: str, contenders: tuple[str, ...], seed: int | None, *, one: bool
) -> list[Timeline]:
    """Return stored runs, simulated again with every state recorded.

    Raises:
        ReclaimlabError: there is no such comparison, contender or seed.
    """
    comparison = load_comparison(db, name)
    known = comparison.head.contenders
    for contender in contenders:
        if contender not in known:
            hint = did_you_mean(contender, known, what="its contenders")
            raise ReclaimlabError(f"comparison {comparison.id} has no {contender!r}; {hint}")
    seeds = [each.incident_seed for each in comparison.contenders if each.incident_seed is not None]
    chosen = seed if seed is not None else next(iter(seeds), comparison.head.seeds[0])
    if chosen not in comparison.head.seeds:
        told = seeds_text(comparison.head.seeds)
        raise ReclaimlabError(f"comparison {comparison.id} has no seed {chosen}; it has {told}")
    with StoreReader(db) as reader:
        text = reader.scenario_text(comparison.id)
    scenario = read_scenario(text, comparison.head.scenario)
    wanted = contenders or known
    return [inspect_run(scenario, each, chosen) for each in (wanted[:1] if one else wanted)]


def load_comparison(db: Path, name: str) -> Comparison:
    """Return a stored comparison, summarised.

    Raises:
        StoreError: there is no such store or comparison.
    """
    with StoreReader(db) as reader:
        stored = reader.comparison(name)
        return summarise(stored.id, stored.head, reader.runs(stored.id))
