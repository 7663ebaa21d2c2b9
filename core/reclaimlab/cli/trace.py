"""The trace formats of ``report``: a stored run, made again and recorded task by task."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reclaimlab.errors import ReclaimlabError, did_you_mean
from reclaimlab.files import write_whole
from reclaimlab.reports.traces import TRACES, trace_file
from reclaimlab.runs.inspect import inspect_record
from reclaimlab.store.reader import StoreReader

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from reclaimlab.store.records import RunRecord

__all__ = ["TRACES", "write_trace"]


def write_trace(
    db: Path,
    comparison_id: str,
    format_name: str,
    output: Path | None,
    contenders: Sequence[str],
    seed: int | None,
) -> None:
    """Write the trace of a stored run to ``output``, or to stdout.

    Raises:
        ReclaimlabError: no such run is stored, or the file cannot be written.
    """
    with StoreReader(db) as reader:
        records = reader.runs(reader.resolve(comparison_id))
    chosen = choose(records, contenders, seed)
    if len(chosen) > 1 and format_name != "perfetto":
        raise ReclaimlabError(f"{format_name} holds one run; name one --contender, or use perfetto")
    data = trace_file([inspect_record(run) for run in chosen], format_name)
    if output is None:
        click.echo(data, nl=False)
        return
    try:
        write_whole(output, data)
    except OSError as error:
        raise ReclaimlabError(f"report {output} cannot be written: {error.strerror}") from error


def choose(
    records: Sequence[RunRecord], contenders: Sequence[str], seed: int | None
) -> list[RunRecord]:
    """Return the run of each of ``contenders`` with ``seed``; the first of all for neither.

    Raises:
        ReclaimlabError: there is no such run, or it failed.
    """
    stored = {(run.contender, run.seed): run for run in records if run.result is not None}
    if not stored:
        raise ReclaimlabError("no run of this comparison has a result; there is nothing to trace")
    names = list(dict.fromkeys(name for name, _ in stored))
    seeds = list(dict.fromkeys(number for _, number in stored))
    wanted = [(name, seeds[0] if seed is None else seed) for name in contenders or names[:1]]
    for name, number in wanted:
        if name not in names:
            hint = did_you_mean(name, names, what="stored are")
            raise ReclaimlabError(f"contender {name!r} has no run here; {hint}")
        if (name, number) not in stored:
            there = ", ".join(map(str, seeds))
            raise ReclaimlabError(f"{name} has no run of seed {number}; stored are {there}")
    return [stored[each] for each in wanted]
