"""Policies that only a bundle has: shown, asked for one by one, and never loaded without a yes."""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reclaimlab.cli.plugin_options import apply_settings
from reclaimlab.hosting.settings import PluginSettings
from reclaimlab.reports.lines import plain

if TYPE_CHECKING:
    from reclaimlab.runs.bundle import Bundle


def ask_to_load(ctx: click.Context, bundle: Bundle) -> None:
    """Show each policy that is not installed here, and let those be loaded that the user allows.

    They are loaded as single files from a folder that goes away with the command.
    """
    allowed = [source for name, source in bundle.strangers().items() if _is_allowed(name, source)]
    if not allowed:
        return
    folder = ctx.with_resource(tempfile.TemporaryDirectory(prefix="reclaimlab-policies-"))
    for number, source in enumerate(allowed):
        # The bundle does not choose how a file is called here.
        Path(folder, f"policy_{number}.py").write_text(source, encoding="utf-8")
    settings = PluginSettings.from_environment()
    apply_settings(ctx, dataclasses.replace(settings, dirs=(*settings.dirs, Path(folder))))


def _is_allowed(name: str, source: str) -> bool:
    click.echo(f"policy {plain(name)}, as the bundle has it:", err=True)
    for line in source.splitlines():
        click.echo(f"    {plain(line)}", err=True)
    question = f"Run this code of policy {plain(name)} on this machine?"
    return click.confirm(question, default=False, err=True)
