"""The command line: one module a command, imported only when that command runs."""

from __future__ import annotations

import click

from reclaimlab import __version__
from reclaimlab.cli.example import example
from reclaimlab.cli.group import LazyGroup
from reclaimlab.cli.plugin_options import plugins

__all__ = ["cli", "main"]

COMMANDS = {
    "ablate": "Find the minimal sets of fixes that make every scenario ok.",
    "boundary": "Find the value at which a verdict flips, as a curve over others.",
    "bundle": "Pack a stored comparison into one file to give away.",
    "compare": "Compare contenders head to head on one scenario.",
    "explore": "Look at every schedule of a small scenario: proof or counterexample.",
    "gui": "Open the window.",
    "import": "Turn a recording of a real machine into a scenario.",
    "matrix": "Run every scenario against its contenders, into one file.",
    "open": "Show a bundle, without running anything.",
    "plugins": "List the installed plugins and what became of each.",
    "plugin": "Make, check and list plugins, and explain the hooks.",
    "policies": "List the kernels and fixes that can be compared.",
    "record": "Record this machine while COMMAND runs.",
    "report": "Write the report of a stored comparison.",
    "run": "Run one contender once: verdict, metrics, incident.",
    "runs": "List, show, resume, verify, tag, note, delete and merge stored comparisons.",
    "scenarios": "List the scenarios that come with reclaimlab.",
    "sensitivity": "Find which values drive a metric.",
    "sweep": "Run one scenario over many values, and show what came of it.",
    "validate": "Simulate recordings of real machines and say how far the simulator is off.",
}
"""Each command with its first line of help, so that ``--help`` imports none of them."""


@click.group(
    cls=LazyGroup,
    package="reclaimlab.cli",
    commands_help=COMMANDS,
    epilog=example(
        "reclaimlab compare xfs-softlimit-hang -c linux-3.10 -c linux-3.10+may-enter-fs"
    ),
)
@plugins
@click.version_option(__version__, prog_name="reclaimlab")
def cli() -> None:
    """Evaluate candidate fixes for Linux memory reclaim and writeback."""


def main() -> None:
    """Run the command line and leave the process with its exit code."""
    cli(prog_name="reclaimlab")
