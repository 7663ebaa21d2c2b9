"""``reclaimlab record``: a recording of this machine while a command runs."""

from __future__ import annotations

from pathlib import Path

import click

from reclaimlab.cli.example import example
from reclaimlab.cli.group import EXIT_INTERRUPTED


@click.command(
    "record",
    context_settings={"ignore_unknown_options": True},
    epilog=example("reclaimlab record -o mine -- dd if=/dev/zero of=/mnt/file bs=1M count=4096"),
)
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="The new folder of the recording.",
)
@click.option(
    "--on",
    "folder",
    default=".",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Where the command writes: this disk is recorded  [default: here].",
)
@click.option(
    "--workload",
    type=click.Choice(["seq", "rand", "small"]),
    default="seq",
    show_default=True,
    help="What the command does: one long write, random writes, many small files.",
)
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    metavar="MB/s",
    help="What the disk can write  [default: its best second, or more while it was busy].",
)
@click.option("--no-trace", is_flag=True, help="Without tracefs: no latencies and no trace.")
@click.argument("words", nargs=-1, required=True, metavar="COMMAND...", type=click.UNPROCESSED)
@click.pass_context
def command(
    ctx: click.Context,
    output: Path,
    folder: Path,
    workload: str,
    rate: float | None,
    no_trace: bool,
    words: tuple[str, ...],
) -> None:
    """Record this machine while COMMAND runs.

    Needs root, procfs and tracefs. Writes samples ten times a second, the command's kernel stacks,
    the lengths of its write()s and a trace of reclaim, writeback and the disk; `reclaimlab import`
    and `reclaimlab validate` read them. The memcg is the one that COMMAND runs in. Tracing is done
    in instances of its own, which are removed at the end, also if this is killed; nothing else is
    switched. Ctrl-C ends COMMAND and keeps what was recorded.
    """
    from reclaimlab.record.recorder import Request, record

    done = record(Request(words, output, folder, workload, rate, trace=not no_trace))
    for warning in done.warnings:
        click.echo(f"note: {warning}", err=True)
    click.echo(f"{output}: {done.seconds:.1f} s, disk {done.device_mbps:g} MB/s")
    click.echo(f"reclaimlab validate {output}    compares the simulator with it", err=True)
    if done.interrupted:
        ctx.exit(EXIT_INTERRUPTED)
