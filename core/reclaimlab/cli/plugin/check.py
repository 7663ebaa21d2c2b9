"""``reclaimlab plugin check``: the conformance kit."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

import click

from reclaimlab.cli import options, plugin_options
from reclaimlab.cli.columns import format_table
from reclaimlab.cli.example import example
from reclaimlab.cli.group import EXIT_RUN_FAILED
from reclaimlab.conformance.kit import Check, check
from reclaimlab.conformance.target import find_targets
from reclaimlab.reports.json_object import dump

if TYPE_CHECKING:
    from reclaimlab.conformance.target import Target

_WORDS: Final = {True: "ok", False: "FAILED"}


@click.command("check", epilog=example("reclaimlab plugin check wait-late"))
@click.argument("plugin")
@plugin_options.plugins
@options.as_json
@click.pass_context
def command(ctx: click.Context, plugin: str, as_json: bool) -> None:
    """Check a plugin against every rule.

    PLUGIN is a name that `reclaimlab plugins` lists, a file with a header, or the folder of a
    project. Exit code 3 if a rule is broken.
    """
    found = [(target, check(target)) for target in find_targets(plugin)]
    if as_json:
        click.echo(dump([_plain(*each) for each in found]), nl=False)
    else:
        click.echo("\n\n".join(_table(*each) for each in found))
    if not all(each.passed for _, checks in found for each in checks):
        ctx.exit(EXIT_RUN_FAILED)


def _plain(target: Target, checks: tuple[Check, ...]) -> dict[str, object]:
    return {
        "plugin": target.source.name,
        "kind": target.source.kind,
        "passed": all(each.passed for each in checks),
        "checks": [dataclasses.asdict(each) for each in checks],
    }


def _table(target: Target, checks: tuple[Check, ...]) -> str:
    rows = [(each.name, _WORDS[each.passed], each.detail) for each in checks]
    failed = sum(not each.passed for each in checks)
    said = f"breaks {failed} of" if failed else "keeps all"
    verdict = f"{target.source.name} {said} {len(checks)} rules"
    head = f"{target.source.kind} {target.source.name}"
    return f"{format_table((head, '', ''), rows)}\n\n{verdict}"
