"""``reclaimlab import``: a recording of a real machine becomes a scenario."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from reclaimlab.cli.example import example
from reclaimlab.scenarios.importers import import_recording


@click.command(
    "import", epilog=example("reclaimlab import vmstat a_seq_xfs_20MBps_32M_r1 -o mine.toml")
)
@click.argument("kind", type=click.Choice(["ftrace", "vmstat"]))
@click.argument(
    "files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path)
)
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="The scenario to write; measured files go into a folder beside it.",
)
def command(kind: Literal["ftrace", "vmstat"], files: tuple[Path, ...], output: Path) -> None:
    """Turn a recording of a real machine into a scenario.

    FILE is the folder of a recorded run, or files of one. `vmstat` reads samples and meta data,
    `ftrace` a trace.
    """
    scenario = import_recording(kind, files, output)
    click.echo(f"{output}: {scenario.name}, {scenario.title}")
    click.echo(f"reclaimlab run {output}    runs it", err=True)
