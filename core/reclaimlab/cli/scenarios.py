"""``reclaimlab scenarios``: the library, and the text of one scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from reclaimlab.cli import options, plugin_options
from reclaimlab.cli.columns import format_table
from reclaimlab.cli.example import example
from reclaimlab.errors import ReclaimlabError
from reclaimlab.reports.json_object import dump
from reclaimlab.scenarios.reader import known_scenarios, load_scenario, scenario_text
from reclaimlab.units import format_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reclaimlab.scenarios.schema import Scenario


@click.command("scenarios", epilog=example("reclaimlab scenarios xfs-softlimit-hang > mine.toml"))
@click.argument("name", required=False)
@plugin_options.plugins
@options.as_json
def command(name: str | None, as_json: bool) -> None:
    """List the scenarios that come with reclaimlab.

    With NAME, print that one's text: what it stresses, and every number.
    """
    if name and not as_json:
        click.echo(scenario_text(name), nl=False)
        return
    found = [load_scenario(name)] if name else list(_loadable())
    if as_json:
        click.echo(dump([scenario_object(each) for each in found]), nl=False)
        return
    rows = [(each.name, each.decides, format_time(each.duration), each.title) for each in found]
    click.echo(format_table(("scenario", "decides", "duration", "title"), rows))


def _loadable() -> Iterator[Scenario]:
    for name in known_scenarios():
        try:
            yield load_scenario(name)
        except ReclaimlabError as error:  # a plugin's: the others are listed all the same
            click.echo(str(error), err=True)


def scenario_object(scenario: Scenario) -> dict[str, Any]:
    """Return what a scenario is for, as plain JSON data."""
    return {
        "name": scenario.name,
        "title": scenario.title,
        "description": scenario.description,
        "source": scenario.source,
        "decides": scenario.decides,
        "duration_s": scenario.duration / 1e9,
        "kernel": scenario.kernel,
        "parameters": {
            name: each.model_dump(mode="json") for name, each in scenario.parameters.items()
        },
    }
