"""``reclaimlab policies``: the kernels and fixes that can be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from reclaimlab.cli import options, plugin_options
from reclaimlab.cli.columns import format_table
from reclaimlab.cli.example import example
from reclaimlab.policy.policy import format_parameter, parameter_fields
from reclaimlab.reports.json_object import dump
from reclaimlab.runs.run import installed_policies

if TYPE_CHECKING:
    from reclaimlab.policy import Policy


@click.command("policies", epilog=example("reclaimlab policies congestion-wait"))
@click.argument("name", required=False)
@plugin_options.plugins
@options.as_json
def command(name: str | None, as_json: bool) -> None:
    """List the kernels and fixes that can be compared.

    With NAME, tell all about that one: claim, parameters, references.
    """
    catalog = installed_policies()
    found = [catalog.get(name)] if name else _kernels_first(catalog.policies.values())
    if as_json:
        click.echo(dump([policy_object(each) for each in found]), nl=False)
    elif name:
        click.echo(_describe(found[0]))
    else:
        rows = [(each.info.name, each.info.kind, each.info.row, each.info.title) for each in found]
        click.echo(format_table(("policy", "kind", "row", "title"), rows))


def _kernels_first(policies: Any) -> list[type[Policy]]:
    return sorted(policies, key=lambda each: (each.info.kind != "kernel", each.info.name))


def policy_object(policy: type[Policy]) -> dict[str, Any]:
    """Return what is known of a policy as plain JSON data."""
    info = policy.info
    return {
        "name": info.name,
        "kind": info.kind,
        "title": info.title,
        "claim": info.claim,
        "references": list(info.references),
        "version": info.version,
        "row": info.row,
        "parameters": [
            {
                "name": spec.name,
                "default": format_parameter(spec, spec.default),
                "unit": spec.metadata.get("unit", ""),
                "doc": spec.metadata.get("doc", ""),
                "choices": list(spec.metadata.get("choices", ())),
            }
            for spec in parameter_fields(policy)
        ],
    }


def _describe(policy: type[Policy]) -> str:
    plain = policy_object(policy)
    parts = [f"{plain['name']} ({plain['kind']}, version {plain['version']}): {plain['title']}"]
    parts.append(plain["claim"])
    if plain["parameters"]:
        rows = [(each["name"], each["default"], each["doc"]) for each in plain["parameters"]]
        parts.append(format_table(("parameter", "default", "meaning"), rows))
    if plain["references"]:
        parts.append("\n".join(plain["references"]))
    return "\n\n".join(parts)
