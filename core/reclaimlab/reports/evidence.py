"""What a report can show beside the numbers: the scenario, series, notes of a stored comparison."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from reclaimlab.errors import ReclaimlabError
from reclaimlab.runs.sections import read_sections
from reclaimlab.scenarios.reader import load_scenario, scenario_toml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reclaimlab.measure.records import Series
    from reclaimlab.runs.comparison import Comparison
    from reclaimlab.runs.sections import Section
    from reclaimlab.store.reader import StoreReader


class Setting(NamedTuple):
    """One value of a scenario, and what the built-in scenario of that name has instead."""

    path: str
    value: str
    usual: str | None
    """None where the built-in scenario says the same, or there is none."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is optional in a report."""

    scenario_text: str = ""
    series: Mapping[str, tuple[Series, ...]] = field(default_factory=dict)
    """By contender: of the run that shows its verdict."""
    tags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    """Of plugins."""

    def faults(self, comparison: Comparison) -> tuple[str, ...]:
        """Return what plugins that look at ``comparison`` did wrong, a sentence each."""
        return (*comparison.faults, *(each.error for each in self.sections if each.error))

    def settings(self, scenario: str) -> tuple[Setting, ...]:
        """Return every value of the scenario text, in its order."""
        ours, usual = _flat(self.scenario_text), _flat(_built_in(scenario))
        return tuple(
            Setting(path, value, _other(path, value, usual)) for path, value in ours.items()
        )


NOTHING = Evidence()


def read_evidence(reader: StoreReader, comparison: Comparison) -> Evidence:
    """Return what the store knows of ``comparison`` beside its numbers."""
    stored = reader.comparison(comparison.id)
    series = {
        each.contender: reader.series_of(comparison.id, each.contender, seed)
        for each in comparison.contenders
        if (seed := _shown_seed(comparison, each.incident_seed)) is not None
    }
    return Evidence(
        reader.scenario_text(comparison.id),
        series,
        stored.tags,
        tuple(note.line for note in stored.notes),
        read_sections(comparison),
    )


def _shown_seed(comparison: Comparison, seed: int | None) -> int | None:
    return seed if seed is not None else next(iter(comparison.head.seeds), None)


def _built_in(scenario: str) -> str:
    try:
        return scenario_toml(load_scenario(scenario, ()))
    except (ReclaimlabError, OSError, ValueError):
        return ""  # a scenario of the user's own


def _other(path: str, value: str, usual: Mapping[str, str]) -> str | None:
    there = usual.get(path, "(absent)")
    return there if usual and there != value else None


def _flat(text: str) -> dict[str, str]:
    return dict(_leaves(tomllib.loads(text), ()))


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _leaves(each, (*path, name))
    else:
        yield ".".join(path), str(value)
