"""The catalog: every installed policy, found by entry point and imported only when it is needed."""

from __future__ import annotations

import dataclasses
import re
import sys
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from reclaimlab.errors import ContenderError, UnusablePluginError, did_you_mean
from reclaimlab.hosting.api_range import api_range
from reclaimlab.hosting.loading import LoadError, check_api, load
from reclaimlab.hosting.probe import forget, probe
from reclaimlab.hosting.settings import PluginSettings
from reclaimlab.hosting.sources import OURS, POLICIES, Source, find_sources, loadable
from reclaimlab.policy import Policy, PolicyInfo

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["GROUP", "OURS", "Catalog", "Entry", "Source"]

GROUP: Final = POLICIES
"""The entry-point group of policies."""

State = Literal["loaded", "failed", "incompatible", "disabled"]


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of one entry point."""

    name: str
    distribution: str
    version: str
    """Of the distribution."""
    module: str
    """``module:Class``."""
    api: tuple[int, int] | None
    """The hook API the policy was written for; None if it could not be imported."""
    state: State
    error: str = ""
    traceback: str = ""
    """Of what its code raised; empty if it raised nothing."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    entry: Entry
    policy: type[Policy] | None


class Catalog:
    """The policies that can be named; one that cannot be used never stops the rest.

    Attributes:
        names: every usable or unusable name, without importing anything.
        sources: what was announced, usable or not.
    """

    def __init__(self, sources: Iterable[Source]) -> None:
        self.sources = tuple(sources)
        usable_last = sorted(self.sources, key=lambda each: not (each.disabled or each.problem))
        self._by_name = {each.name: each for each in usable_last if not each.taken_by}
        self._loaded: dict[Source, _Loaded] = {}
        self.names = tuple(sorted(self._by_name))

    @classmethod
    def discover(cls) -> Catalog:
        """Return the catalog of what is installed; nothing is imported yet."""
        return cls(find_sources("policy", PluginSettings.from_environment()))

    @classmethod
    def installed(cls) -> Catalog:
        """Return the same as :meth:`discover`, found once for each setting and search path."""
        return _installed(PluginSettings.from_environment(), tuple(sys.path))

    @classmethod
    def of(cls, *policies: type[Policy]) -> Catalog:
        """Return a catalog of just these classes."""
        return cls(
            Source(each.info.name, f"{each.__module__}:{each.__qualname__}", policy=each)
            for each in policies
        )

    def of_distribution(self, name: str) -> Catalog:
        """Return the part of the catalog that one distribution brought."""
        return Catalog(each for each in self.sources if each.distribution == name)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Every entry point with what became of it; imports them all."""
        probe(loadable(self.sources))
        return tuple(
            self._load(source).entry
            for source in sorted(self.sources, key=lambda each: (each.name, each.distribution))
        )

    @property
    def policies(self) -> Mapping[str, type[Policy]]:
        """Every usable policy by name; imports them all."""
        probe(loadable(self.sources))
        found = ((name, self._load(self._by_name[name]).policy) for name in self.names)
        return {name: policy for name, policy in found if policy is not None}

    def get(self, name: str) -> type[Policy]:
        """Return the policy called ``name``, importing only that one.

        Raises:
            ContenderError: there is none of that name.
            UnusablePluginError: it cannot be used.
        """
        source = self._by_name.get(name)
        if source is None:
            way_out = did_you_mean(name, self.names, what="installed policies")
            msg = f"unknown policy {name!r}; {way_out}"
            raise ContenderError(msg)
        loaded = self._load(source)
        if loaded.policy is None:
            msg = f"policy {name} ({source.module}) cannot be used: {loaded.entry.error}"
            raise UnusablePluginError(msg)
        return loaded.policy

    def foreign(self, contender: str) -> tuple[Source, ...]:
        """Return the policies in a contender's text that others brought."""
        names = set(re.findall(r"[A-Za-z0-9._-]+", re.sub(r"\([^)]*\)", "", contender)))
        found = (self._by_name[name] for name in sorted(names) if name in self._by_name)
        return tuple(each for each in found if not each.is_ours)

    def _load(self, source: Source) -> _Loaded:
        if source not in self._loaded:
            self._loaded[source] = _load(source)
        return self._loaded[source]


@lru_cache(maxsize=16)
def _installed(settings: PluginSettings, _path: tuple[str, ...]) -> Catalog:
    return Catalog(find_sources("policy", settings))


def forget_plugins() -> None:
    """Look for plugins again at the next question: a file has changed, a package has come."""
    _installed.cache_clear()
    forget()


def _load(source: Source) -> _Loaded:
    def entry(
        state: str, error: str = "", api: tuple[int, int] | None = None, trace: str = ""
    ) -> Entry:
        return Entry(
            source.name, source.distribution, source.version, source.module, api,
            cast("State", state), error, trace,
        )  # fmt: skip

    said: tuple[int, int] | None = None
    try:
        found = load(source)
        problem = _shape_problem(source.name, found)
        if problem:
            return _Loaded(entry("failed", problem), None)
        said = api_range(found.info.api).low
        check_api(found.info.api)
    except LoadError as error:
        return _Loaded(entry(error.state, str(error), said, error.trace), None)
    return _Loaded(entry("loaded", api=said), found)


def _shape_problem(name: str, found: Any) -> str:
    if not (isinstance(found, type) and issubclass(found, Policy)):
        return f"{found!r} is not a subclass of reclaimlab.policy.Policy"
    info = getattr(found, "info", None)
    if not isinstance(info, PolicyInfo):
        return f"{found.__qualname__}.info is {info!r}; the rule is a PolicyInfo"
    if info.name != name:
        return f"{found.__qualname__}.info.name is {info.name!r}, the entry point's is {name!r}"
    if info.kind not in ("kernel", "fix"):
        return f"{found.__qualname__}.info.kind is {info.kind!r}; the rule is kernel or fix"
    try:
        api_range(info.api)
    except ValueError as error:
        return f"{found.__qualname__}.info.{error}"
    if not dataclasses.is_dataclass(found.Parameters):
        return f"{found.__qualname__}.Parameters is not a dataclass"
    return ""
