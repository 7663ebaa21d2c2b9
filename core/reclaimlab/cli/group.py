"""A click group that imports a command's module when the command runs, and ends errors well."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import click

from reclaimlab.errors import InvariantError, ReclaimlabError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

EXIT_FAILED_ON: Final = 1
EXIT_RUN_FAILED: Final = 3
EXIT_INTERRUPTED: Final = 130


class LazyGroup(click.Group):
    """Commands that live in modules of ``package``, each as the object called ``command``.

    The module of a command has the command's name, with an underscore where that is a word of
    Python's own.
    """

    def __init__(
        self, *args: Any, package: str = "", commands_help: Mapping[str, str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._package = package
        self._help = dict(commands_help)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands' names, in the order of their help."""
        return list(self._help)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command; None if there is none of that name."""
        if cmd_name not in self._help:
            return None
        name = f"{cmd_name}_" if cmd_name in ("import", "list", "open") else cmd_name
        command: click.Command = import_module(f"{self._package}.{name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which are near and which there are."""
        if args and args[0] not in self._help and not args[0].startswith("-"):
            hint = did_you_mean(args[0], self._help, what="commands")
            ctx.fail(f"no command {args[0]!r}; {hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self._help.items()))

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an error the user can act on is its message and an exit code."""
        try:
            return super().invoke(ctx)
        except ReclaimlabError as error:
            click.echo(str(error), err=True)
            ctx.exit(error.exit_code)
        except InvariantError as error:
            click.echo(f"a bug of reclaimlab, not of your input: {error}", err=True)
            ctx.exit(EXIT_RUN_FAILED)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            ctx.exit(EXIT_INTERRUPTED)
