"""``reclaimlab plugin hooks``: the reference, made from the hookspecs."""

from __future__ import annotations

import click

from reclaimlab.cli import options
from reclaimlab.cli.columns import format_table
from reclaimlab.cli.example import example
from reclaimlab.errors import ReclaimlabError, did_you_mean
from reclaimlab.hosting.reference import hook_objects, hook_text
from reclaimlab.reports.json_object import dump


@click.command("hooks", epilog=example("reclaimlab plugin hooks decide_writeback_wait"))
@click.argument("hook", required=False)
@options.as_json
def command(hook: str | None, as_json: bool) -> None:
    """Explain the hooks that a policy may implement.

    With HOOK, all about that one: when it is asked, what it is told and may answer.
    """
    found = {each["name"]: each for each in hook_objects()}
    if hook is not None and hook not in found:
        way_out = did_you_mean(hook, found, what="hooks")
        raise ReclaimlabError(f"there is no hook {hook!r}; {way_out}")
    if as_json:
        chosen = [found[hook]] if hook else list(found.values())
        click.echo(dump(chosen), nl=False)
    elif hook:
        click.echo(hook_text(hook))
    else:
        rows = [
            (f"{each['name']}({', '.join(each['arguments'])})", each["kind"], each["summary"])
            for each in found.values()
        ]
        click.echo(format_table(("hook", "kind", "what it answers or is told"), rows))
