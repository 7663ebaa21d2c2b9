"""``reclaimlab import``: a recording of a real machine becomes a scenario."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from reclaimlab.cli import options
from reclaimlab.cli.example import example
from reclaimlab.scenarios.importers import (
    hang_object,
    hang_text,
    import_hang,
    import_recording,
)


@click.command(
    "import", epilog=example("reclaimlab import vmstat a_seq_xfs_20MBps_32M_r1 -o mine.toml")
)
@click.argument("kind", type=click.Choice(["ftrace", "vmstat", "hungtask", "fio"]))
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
@options.as_json
def command(
    kind: Literal["ftrace", "vmstat", "hungtask", "fio"],
    files: tuple[Path, ...],
    output: Path,
    as_json: bool,
) -> None:
    """Turn a recording of a real machine into a scenario.

    FILE is the folder of a recorded run, or files of one. `vmstat` reads samples and meta data, the
    output of `vmstat 1`, or snapshots of /proc/vmstat or memory.stat. `ftrace` reads a trace, also
    as `trace-cmd report` prints it. `fio` reads a job file or JSON output, and logs of it.
    `hungtask` reads kernel logs (dmesg): it tells who waits for what, names the known hang, and
    writes the scenario that repeats it.
    """
    if kind == "hungtask":
        _hungtask(files, output, as_json)
    else:
        scenario = import_recording(kind, files, output)
        said = {"schema": 1, "file": str(output), "name": scenario.name, "title": scenario.title}
        plain = f"{output}: {scenario.name}, {scenario.title}"
        click.echo(_dump(said) if as_json else plain)
    click.echo(f"reclaimlab run {output}    runs it", err=True)


def _hungtask(files: tuple[Path, ...], output: Path, as_json: bool) -> None:
    hang = import_hang(files)
    click.echo(_dump(hang_object(hang)) if as_json else hang_text(hang))
    hang.write(output)
    if not as_json:
        click.echo(f"\n{output}: {hang.fits[0][0].scenario}")


def _dump(value: dict[str, object]) -> str:
    from reclaimlab.reports.json_object import dump

    return dump(value).rstrip()
