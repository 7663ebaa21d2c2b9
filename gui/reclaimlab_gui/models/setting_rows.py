"""The settings that made each column: what differs first, then all the rest."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from reclaimlab.errors import ReclaimlabError
from reclaimlab.hosting.contender import parse_contender
from reclaimlab.policy.policy import format_parameter, parameter_fields
from reclaimlab.runs.run import installed_policies
from reclaimlab_gui.models.table import Cell, Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reclaimlab.store.records import RunRecord
    from reclaimlab_gui.models.side_by_side import SideBySide


def setting_rows(shown: SideBySide, seed: int) -> list[Row]:
    """Return a row a setting of the runs of ``seed``; a cell a column."""
    found = [settings_of(column.runs.get(seed)) for column in shown.columns]
    names = dict.fromkeys(name for settings in found for name in settings)
    rows = [_row(name, [settings.get(name, "-") for settings in found]) for name in names]
    return sorted(rows, key=lambda row: not row.differs)


def _row(name: str, values: list[str]) -> Row:
    differs = len(set(values)) > 1
    mark = "differs" if differs else ""
    return Row((Cell(name), *(Cell(value, kind=mark) for value in values)), name, differs)


def settings_of(record: RunRecord | None) -> dict[str, str]:
    """Return every setting of a run by name: its policies with parameters, then the scenario."""
    if record is None:
        return {}
    found = {"contender": record.contender, **dict(_policies(record))}
    found |= {"seed": str(record.seed), "reclaimlab version": record.package_version}
    return found | dict(_flat("", tomllib.loads(record.scenario_text)))


def _policies(record: RunRecord) -> Iterator[tuple[str, str]]:
    catalog = installed_policies()
    try:
        contender = parse_contender(record.contender, catalog)
    except ReclaimlabError as error:  # a plugin that is gone: its run can still be looked at
        yield "policies", f"cannot be read here: {str(error).splitlines()[0]}"
        return
    for choice in contender.policies:
        kind = "kernel" if choice is contender.kernel else f"fix {choice.name}"
        version = record.policy_versions.get(choice.name, choice.version)
        yield kind, f"{choice.name}, version {version}"
        for spec in parameter_fields(catalog.get(choice.name)):
            value = getattr(choice.parameters, spec.name)
            yield f"{choice.name}: {spec.name}", format_parameter(spec, value)


def _flat(prefix: str, table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(f"{prefix}{name}.", value)
        else:
            yield f"{prefix}{name}", str(value)
