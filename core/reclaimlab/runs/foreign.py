"""Which plugins of others are in a run: such a run is held to limits, in a process of its own."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from reclaimlab.errors import ContenderError, UnusablePluginError
from reclaimlab.hosting.contender import parse_contender
from reclaimlab.hosting.extensions import every_extension
from reclaimlab.hosting.settings import PluginSettings
from reclaimlab.hosting.sources import loadable
from reclaimlab.runs.run import installed_policies

if TYPE_CHECKING:
    from reclaimlab.hosting.catalog import Catalog
    from reclaimlab.hosting.sources import Source
    from reclaimlab.policy.extensions import Kind
    from reclaimlab.runs.run import RunRequest


def foreign_plugins(request: RunRequest) -> tuple[Source, ...]:
    """Return the plugins that others brought and that a run may load, the policies first."""
    settings = PluginSettings.from_environment()
    return _foreign(request.contender, request.scenario_text, settings, installed_policies())


def unusable(request: RunRequest) -> str:
    """Return why a policy of the run cannot be used here; empty if all can be, or none is named."""
    return _unusable(request.contender, installed_policies())


@lru_cache(maxsize=256)
def _unusable(contender: str, catalog: Catalog) -> str:
    if not catalog.foreign(contender):
        return ""
    try:
        parse_contender(contender, catalog)
    except UnusablePluginError as error:
        return str(error)
    except ContenderError:
        return ""  # the run says so
    return ""


@lru_cache(maxsize=256)
def _foreign(
    contender: str, scenario: str, settings: PluginSettings, catalog: Catalog
) -> tuple[Source, ...]:
    del settings  # a key: what is installed depends on it
    kinds: tuple[Kind, ...] = ("filesystem", "device", "workload")
    brought = [
        each.source
        for kind in kinds
        for each in every_extension(kind)
        # The text is canonical: a name is written between quotes.
        if f'"{each.name}"' in scenario and not each.source.is_ours
    ]
    return (*catalog.foreign(contender), *loadable(brought))
