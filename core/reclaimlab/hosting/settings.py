"""Which plugins may be loaded, and from where: what the environment says.

The environment, because processes that simulate inherit it: what the parent may load, they may.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

DIRS: Final = "RECLAIMLAB_PLUGINS_DIR"
"""Folders of single-file plugins, separated as PATH is."""
ALLOWED: Final = "RECLAIMLAB_LOAD_PLUGINS"
"""Names, separated by commas: no other plugin is loaded; empty: none at all."""
DENIED: Final = "RECLAIMLAB_DISABLED_PLUGINS"
"""Names, separated by commas, that are not loaded."""
PROJECT: Final = "RECLAIMLAB_PROJECT_PLUGINS"
"""The file beside the scenario; set by the program itself."""
PROJECT_FILE: Final = "reclaimlab_plugins.py"
"""How the plugins beside a scenario are called."""


@dataclass(frozen=True, slots=True)
class PluginSettings:
    """What may be loaded; a name is a plugin's or a distribution's."""

    dirs: tuple[Path, ...] = ()
    allowed: frozenset[str] | None = None
    """None: every plugin that is not denied."""
    denied: frozenset[str] = frozenset()
    project: Path | None = None
    """A file of plugins beside the scenario."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> PluginSettings:
        """Return what the variables of the environment say."""
        found = os.environ if environment is None else environment
        allowed = found.get(ALLOWED)
        project = found.get(PROJECT)
        return cls(
            dirs=tuple(Path(each) for each in found.get(DIRS, "").split(os.pathsep) if each),
            allowed=None if allowed is None else _names(allowed),
            denied=_names(found.get(DENIED, "")),
            project=Path(project) if project else None,
        )

    def as_environment(self) -> dict[str, str | None]:
        """Return the variables that say this; None: not set."""
        return {
            DIRS: os.pathsep.join(map(str, self.dirs)) or None,
            ALLOWED: None if self.allowed is None else ",".join(sorted(self.allowed)),
            DENIED: ",".join(sorted(self.denied)) or None,
            PROJECT: str(self.project) if self.project else None,
        }

    def why_not(self, *names: str) -> str:
        """Return why a plugin of any of these ``names`` is not loaded; empty if it is."""
        for name in filter(None, names):
            if name in self.denied:
                return f"{name} is denied by --disable-plugin or {DENIED}"
        if self.allowed is None or self.allowed.intersection(names):
            return ""
        if not self.allowed:
            return f"no plugin is loaded, by --no-plugins or an empty {ALLOWED}"
        return f"not among those allowed by --load-plugins or {ALLOWED}"


def beside(scenario: str) -> Path | None:
    """Return the file of plugins beside a scenario's file, if there is one."""
    path = Path(scenario)
    if path.suffix != ".toml":
        return None
    found = path.resolve().parent / PROJECT_FILE
    return found if found.is_file() else None


def _names(text: str) -> frozenset[str]:
    return frozenset(filter(None, (name.strip() for name in text.split(","))))
