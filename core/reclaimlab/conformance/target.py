"""What is to be checked: an installed plugin, a file, or the folder of a project."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from reclaimlab.errors import ReclaimlabError, did_you_mean
from reclaimlab.hosting.settings import PluginSettings
from reclaimlab.hosting.single_file import sources_of
from reclaimlab.hosting.sources import KINDS, Source, find_sources

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Target:
    """One plugin to check.

    Attributes:
        path: folders to import it from, before all others.
    """

    source: Source
    path: tuple[str, ...] = ()


def find_targets(text: str) -> tuple[Target, ...]:
    """Return the plugins that ``text`` names or that are in the file or folder it is.

    Raises:
        ReclaimlabError: there is none.
    """
    path = Path(text)
    if path.is_dir():
        found = tuple(_in_project(path.resolve()))
    elif path.suffix == ".py":
        found = tuple(Target(each) for each in sources_of(path.resolve()))
    else:
        return (_installed(text),)
    if not found:
        groups = ", ".join(KINDS.values())
        msg = f"{path} announces no plugin; it has no header, or no entry point of {groups}"
        raise ReclaimlabError(msg)
    return found


def _installed(name: str) -> Target:
    settings = PluginSettings.from_environment()
    every = [each for kind in KINDS for each in find_sources(kind, settings)]
    for source in every:
        if source.name == name and not source.taken_by:
            # Our own are checked as sternly as anyone's.
            return Target(replace(source, distribution="") if source.is_ours else source)
    way_out = did_you_mean(name, {each.name for each in every}, what="plugins")
    raise ReclaimlabError(f"there is no plugin, file or folder {name!r}; {way_out}")


def _in_project(folder: Path) -> Iterator[Target]:
    try:
        project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    except FileNotFoundError:
        raise ReclaimlabError(f"{folder} has no pyproject.toml, so it is no plugin's") from None
    except (OSError, KeyError, ValueError) as error:
        raise ReclaimlabError(f"{folder}/pyproject.toml cannot be read: {error}") from error
    places = tuple(str(each) for each in (folder / "src", folder) if each.is_dir())
    groups = project.get("entry-points", {})
    for kind, group in KINDS.items():
        for name, module in groups.get(group, {}).items():
            version = str(project.get("version", ""))
            source = Source(
                name, module, distribution=str(project.get("name", "")), version=version, kind=kind
            )
            yield Target(source, places)
