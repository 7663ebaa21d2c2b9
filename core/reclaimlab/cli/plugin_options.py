"""The options that say which plugins may be loaded, and the plugins beside a scenario.

They are written into the environment for as long as the command runs, because the processes that
simulate inherit it.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from reclaimlab.hosting.settings import PluginSettings

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
Change = Callable[["PluginSettings", Any], "PluginSettings"]


def plugins(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the four options; the command itself need not know of them."""
    for decorate in reversed((_DIRS, _LOAD, _DISABLE, _NONE)):
        command = decorate(command)
    return command


def _setting(change: Change) -> Callable[[click.Context, click.Parameter, Any], None]:
    def callback(ctx: click.Context, _param: click.Parameter, value: Any) -> None:
        if value in (None, (), False):
            return
        from reclaimlab.hosting.settings import PluginSettings

        apply_settings(ctx, change(PluginSettings.from_environment(), value))

    return callback


def apply_settings(ctx: click.Context, settings: PluginSettings) -> None:
    """Let ``settings`` hold until the command ends, here and in the processes it starts."""
    variables = settings.as_environment()
    before = {name: os.environ.get(name) for name in variables}
    ctx.call_on_close(lambda: _set(before))
    _set(variables)


def _set(variables: dict[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _names(text: str) -> frozenset[str]:
    return frozenset(filter(None, map(str.strip, text.split(","))))


def _add_dirs(settings: PluginSettings, dirs: tuple[Path, ...]) -> PluginSettings:
    added = tuple(each.resolve() for each in dirs)
    return dataclasses.replace(settings, dirs=(*settings.dirs, *added))


def _allow(settings: PluginSettings, text: str) -> PluginSettings:
    return dataclasses.replace(settings, allowed=_names(text))


def _deny(settings: PluginSettings, names: tuple[str, ...]) -> PluginSettings:
    denied = settings.denied.union(*map(_names, names))
    return dataclasses.replace(settings, denied=denied)


def _none(settings: PluginSettings, _value: bool) -> PluginSettings:
    return dataclasses.replace(settings, allowed=frozenset())


_DIRS: Decorator = click.option(
    "--plugins-dir",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    expose_value=False,
    is_eager=True,
    callback=_setting(_add_dirs),
    help="Folder of single-file plugins; may be repeated  [also RECLAIMLAB_PLUGINS_DIR].",
)
_LOAD: Decorator = click.option(
    "--load-plugins",
    metavar="NAME,...",
    expose_value=False,
    is_eager=True,
    callback=_setting(_allow),
    help="Load no other plugin or package of plugins than these  [also RECLAIMLAB_LOAD_PLUGINS].",
)
_DISABLE: Decorator = click.option(
    "--disable-plugin",
    multiple=True,
    metavar="NAME",
    expose_value=False,
    is_eager=True,
    callback=_setting(_deny),
    help="Do not load this one; may be repeated  [also RECLAIMLAB_DISABLED_PLUGINS].",
)
_NONE: Decorator = click.option(
    "--no-plugins",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_setting(_none),
    help="Load no plugin but those that came with reclaimlab.",
)


def _beside(ctx: click.Context, _param: click.Parameter, value: str) -> str:
    from reclaimlab.hosting.settings import PluginSettings, beside

    project = beside(value)
    if project is not None:
        apply_settings(ctx, dataclasses.replace(PluginSettings.from_environment(), project=project))
    return value


scenario: Decorator = click.argument("scenario", callback=_beside)
"""The argument SCENARIO; a ``reclaimlab_plugins.py`` beside its file may be loaded."""


def _beside_any(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> Any:
    from reclaimlab.hosting.settings import beside

    projects = sorted({str(project) for each in values if (project := beside(each))})
    if len(projects) > 1:
        msg = f"only one of {' and '.join(projects)} may be loaded; ask for each scenario alone"
        raise click.BadParameter(msg, ctx, param)
    for each in values:
        _beside(ctx, param, each)
    return values


scenarios: Decorator = click.argument(
    "scenarios", nargs=-1, required=True, metavar="SCENARIO...", callback=_beside_any
)
"""One or more of them; of plugins beside them, those of one folder may be loaded."""
