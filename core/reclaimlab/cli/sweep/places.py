"""Where the runs of a command are simulated: processes of this machine, or a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reclaimlab.runs.executors import Executor
from reclaimlab.runs.executors.inline import InlineExecutor
from reclaimlab.runs.executors.processes import ProcessExecutor

if TYPE_CHECKING:
    from reclaimlab.cli.options import Decorator

__all__ = ["Executor", "cluster", "executor"]

cluster: Decorator = click.option(
    "--cluster",
    default="",
    metavar="ADDRESS",
    help="Simulate on the Dask scheduler there, or `local` for one of its own.",
)


def executor(cluster: str, jobs: int) -> Executor:
    """Return where to simulate; ``jobs`` counts for this machine only."""
    if cluster:
        from reclaimlab.runs.executors.cluster import ClusterExecutor

        return ClusterExecutor(cluster, jobs)
    return InlineExecutor() if jobs == 1 else ProcessExecutor(jobs)
