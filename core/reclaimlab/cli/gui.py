"""``reclaimlab gui``: the window."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import click

from reclaimlab.cli.example import example
from reclaimlab.errors import ReclaimlabError

_EXTRA = "the window needs the extra [gui]: pip install 'reclaimlab[gui]'"
_LIBRARIES = "apt-get install libegl1 libgl1 libxkbcommon0 libdbus-1-3 libfontconfig1"


@click.command("gui", epilog=example("reclaimlab gui --db runs.sqlite"))
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option(
    "--db",
    type=click.Path(path_type=Path),
    help="File of the store  [default: RECLAIMLAB_DB, else in the user's data folder].",
)
@click.pass_context
def command(ctx: click.Context, path: Path | None, db: Path | None) -> None:
    """Open the window.

    PATH is a store or a scenario to open in it. At the first start it shows the hang of July 2013,
    computed already.
    """
    ctx.exit(_app().run(db, path))


def _app() -> Any:
    # By name: the core does not know the window, which stands on top of it.
    try:
        return import_module("reclaimlab_gui.app")
    except ModuleNotFoundError as error:
        raise ReclaimlabError(f"{_EXTRA} ({error})") from error
    except ImportError as error:
        raise ReclaimlabError(f"Qt cannot be loaded: {error}; {_LIBRARIES}") from error
