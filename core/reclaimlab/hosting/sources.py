"""Where plugins come from: installed distributions, folders of files, the scenario's own folder."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Any, Final

from reclaimlab.policy.extensions import GROUPS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reclaimlab.hosting.settings import PluginSettings

OURS: Final = "reclaimlab"
"""Our distribution, whose names nobody can take over."""
POLICIES: Final = "reclaimlab.policies"
"""The entry-point group of policies: ``name = "module:Class"``, our own like anyone's."""
KINDS: Final[dict[str, str]] = {"policy": POLICIES, **GROUPS}
"""Kind of plugin -> the entry-point group that announces it."""


@dataclass(frozen=True, slots=True)
class Source:
    """A plugin not imported yet; or a class that is here already, as tests have."""

    name: str
    module: str
    """``module:Class``, or ``FILE:Class``."""
    distribution: str = ""
    version: str = ""
    policy: type[Any] | None = None
    taken_by: str = ""
    """Who has the name already; then this one is never imported."""
    kind: str = "policy"
    file: str = ""
    """The file of a single-file plugin."""
    api: str = ""
    """The range a header states, before anything is imported."""
    disabled: str = ""
    """Why it is not to be loaded."""
    problem: str = ""
    """Why it cannot be: a faulty header."""

    @property
    def is_ours(self) -> bool:
        """Whether it came with reclaimlab, or is a class made by a test."""
        return self.distribution == OURS or self.policy is not None

    @property
    def origin(self) -> str:
        """Where it comes from, for people."""
        return f"{self.distribution} {self.version}".strip() or self.module


def find_sources(kind: str, settings: PluginSettings) -> tuple[Source, ...]:
    """Return every plugin of ``kind``, each name once usable; nothing is imported."""
    from reclaimlab.hosting.single_file import sources_in, sources_of

    found = [*_installed(kind)]
    for folder in settings.dirs:
        found += (each for each in sources_in(folder) if each.kind == kind)
    if settings.project is not None:
        found += (each for each in sources_of(settings.project) if each.kind == kind)
    return tuple(_without_doubles(_permitted(found, settings)))


def loadable(sources: Iterable[Source]) -> list[Source]:
    """Return the sources that nothing speaks against importing."""
    return [each for each in sources if not (each.disabled or each.problem or each.taken_by)]


def _installed(kind: str) -> Iterator[Source]:
    known: dict[object, tuple[str, str]] = {None: ("", "")}
    for point in metadata.entry_points(group=KINDS[kind]):
        # Each look at a name or version reads all of the distribution's metadata again.
        if point.dist is not None and point.dist not in known:
            known[point.dist] = point.dist.name, point.dist.version
        name, version = known[point.dist]
        yield Source(point.name, point.value, name, version, kind=kind)


def _permitted(sources: Iterable[Source], settings: PluginSettings) -> Iterator[Source]:
    # Allowing some, or none, is about what others brought: without our kernels nothing runs.
    for source in sources:
        disabled = settings.why_not(source.name, source.distribution)
        if source.is_ours and source.name not in settings.denied:
            disabled = ""
        yield dataclasses.replace(source, disabled=disabled) if disabled else source


def _without_doubles(sources: Iterable[Source]) -> Iterator[Source]:
    # Sorted, because the order of a folder on disk must not decide who owns a name. One that is
    # not loaded owns nothing.
    owners: dict[str, str] = {}
    for source in sorted(
        sources,
        key=lambda each: (not each.is_ours, bool(each.file), each.distribution, each.module),
    ):
        if source.disabled or source.problem:
            yield source
        elif source.name in owners:
            yield dataclasses.replace(source, taken_by=owners[source.name] or "another package")
        else:
            owners[source.name] = source.distribution or source.module
            yield source
