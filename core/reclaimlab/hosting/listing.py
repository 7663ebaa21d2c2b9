"""Everything that is announced, of every kind, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from reclaimlab.hosting.extensions import every_extension
from reclaimlab.hosting.probe import probe
from reclaimlab.hosting.sources import loadable
from reclaimlab.policy.extensions import GROUPS, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reclaimlab.hosting.catalog import Catalog
    from reclaimlab.hosting.extensions import Extension


@dataclass(frozen=True, slots=True)
class Listed:
    """One plugin, as a list shows it."""

    name: str
    kind: str
    state: str
    """``loaded``, ``disabled``, ``incompatible`` or ``failed``."""
    distribution: str
    version: str
    module: str
    """``module:Class`` or ``FILE:Class``."""
    api: str
    """Lowest version of the plugin API that it works with; empty if that is not known."""
    error: str
    traceback: str = ""
    """Of what its code raised; empty if it raised nothing."""

    @property
    def origin(self) -> str:
        """Where it comes from, for people."""
        return f"{self.distribution} {self.version}".strip() if self.distribution else self.module


def probe_plugins(catalog: Catalog) -> None:
    """Try to import everything in processes of its own; nothing is imported here."""
    probe(loadable([*catalog.sources, *(each.source for each in _extensions())]))


def every_plugin(catalog: Catalog) -> Iterator[Listed]:
    """Yield the policies, then the extensions, each kind by name; imports them all."""
    probe_plugins(catalog)
    for entry in catalog.entries:
        yield Listed(
            entry.name, "policy", entry.state, entry.distribution, entry.version, entry.module,
            ".".join(map(str, entry.api or ())), entry.error, entry.traceback,
        )  # fmt: skip
    for each in _extensions():
        yield Listed(
            each.name, each.kind, each.state, each.distribution, each.version,
            each.source.module, "", each.error or "", each.traceback,
        )  # fmt: skip


def _extensions() -> list[Extension]:
    return [each for kind in GROUPS for each in every_extension(cast("Kind", kind))]
