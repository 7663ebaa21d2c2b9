"""``reclaimlab sweep show``: a stored sweep as table, heat map or file."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from reclaimlab.cli import options
from reclaimlab.cli.example import example
from reclaimlab.cli.sweep.text import beside_verdict, text_table
from reclaimlab.errors import ReclaimlabError
from reclaimlab.measure.records import METRICS
from reclaimlab.reports.json_object import dump
from reclaimlab.store.sweeps import SweepReader
from reclaimlab.sweep.table import flat_rows, summarise_points, sweep_object

FORMATS: Final = ("text", "csv", "parquet", "svg", "png", "html")


@click.command("show", epilog=example("reclaimlab sweep show latest --format svg -o map.svg"))
@click.argument("sweep", metavar="ID", default="latest")
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="text", show_default=True,
    help="A table, a line a run (CSV, Parquet), or a heat map (SVG, PNG, HTML).",
)  # fmt: skip
@click.option(
    "--metric",
    type=click.Choice(["verdict", *METRICS]),
    help="What to show beside the verdict  [default: the number that decides].",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False),
    help="The file; CSV, text and HTML go to stdout without it.",
)  # fmt: skip
@options.db
@options.as_json
def command(
    sweep: str, form: str, metric: str | None, output: Path | None, db: Path, as_json: bool
) -> None:
    """Show a stored sweep: table, heat map, CSV, Parquet.

    ID is what `reclaimlab sweep` printed, its beginning, or `latest`.
    """
    with SweepReader(db) as reader:
        stored = reader.sweep(sweep)
        head = stored.head
        if form in ("csv", "parquet"):
            _export(form, flat_rows(reader.runs(head.id)), output)
            return
        points = summarise_points(reader.runs(head.id))
    # A sweep keeps no metrics of plugins, which may decide a comparison.
    shown = metric or (head.decides if head.decides in METRICS else "verdict")
    if as_json:
        click.echo(dump(sweep_object(head, points)), nl=False)
    elif form == "text":
        _put(f"{text_table(points, shown)}\n", output)
    elif form == "html":
        from reclaimlab.reports.html.heatmap import heatmap_page

        _put(heatmap_page(head, points, beside_verdict(shown)), output)
    else:
        from reclaimlab.sweep.heatmap import draw

        draw(head, points, shown, _needed(output, form))


def _export(form: str, rows: list[dict[str, object]], output: Path | None) -> None:
    from reclaimlab.sweep.export import csv_text, write_parquet

    if form == "csv":
        _put(csv_text(rows), output)
    else:
        write_parquet(rows, _needed(output, form))


def _needed(output: Path | None, form: str) -> Path:
    if output is None:
        raise ReclaimlabError(f"--format {form} needs a file; name it with -o map.{form}")
    if not output.absolute().parent.is_dir():
        raise ReclaimlabError(f"{output} cannot be written: {output.parent} is no folder")
    return output


def _put(text: str, output: Path | None) -> None:
    if output is None:
        click.echo(text, nl=False)
    else:
        _needed(output, "text").write_text(text, encoding="utf-8")
