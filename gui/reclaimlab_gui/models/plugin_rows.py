"""What is installed: every plugin with its origin, version, API, hooks, parameters and errors."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reclaimlab.hosting.catalog import OURS
from reclaimlab.policy import hookspecs
from reclaimlab.policy.policy import format_parameter, parameter_fields
from reclaimlab.runs.run import installed_policies
from reclaimlab_gui.models.table import Cell, Row

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reclaimlab.hosting.catalog import Entry
    from reclaimlab.policy import Policy

PLUGIN_HEADER: Final = ("plugin", "kind", "state", "from", "API", "what it says of itself")


@dataclass(frozen=True, slots=True)
class PluginFacts:
    """All that is known of one plugin."""

    entry: Entry
    policy: type[Policy] | None
    file: str

    @property
    def row(self) -> Row:
        """The plugin as a row."""
        entry = self.entry
        info = self.policy.info if self.policy else None
        fault = "" if entry.state in ("loaded", "disabled") else "fault"
        said = entry.error or (info.title if info else "")
        return Row(
            (
                Cell(entry.name),
                Cell(info.kind if info else ""),
                Cell(entry.state, kind=fault),
                Cell(f"{entry.distribution} {entry.version}".strip() or entry.module),
                Cell(".".join(map(str, entry.api)) if entry.api else ""),
                Cell(said.splitlines()[0] if said else "", tip=said, kind=fault),
            ),
            key=entry.name,
        )

    def text(self) -> str:
        """Return the plugin's page as Markdown."""
        entry, policy = self.entry, self.policy
        lines = [f"## {entry.name}", ""]
        if entry.error:
            lines += [f"**{entry.state}**", "", "```", entry.error, "```", ""]
        if policy is not None:
            info = policy.info
            lines += [info.title, "", f"*{info.claim}*", ""]
            lines += [inspect.cleandoc(policy.__doc__ or ""), ""]
            lines += ["**Hooks it answers:** " + (", ".join(_hooks(policy)) or "none"), ""]
            lines += _parameters(policy)
            lines += ["**References**", "", *(f"- {each}" for each in info.references), ""]
            lines += [f"Version of its answers: {info.version}", ""]
        lines += [f"From: {entry.distribution} {entry.version}, `{entry.module}`", ""]
        if self.file and entry.distribution != OURS:
            lines.append(f"File: `{self.file}`")
        return "\n".join(lines)


def installed_plugins() -> dict[str, PluginFacts]:
    """Return every plugin by name; those that cannot be used too."""
    catalog = installed_policies()
    usable: Mapping[str, type[Policy]] = catalog.policies
    return {
        entry.name: PluginFacts(entry, usable.get(entry.name), _file(usable.get(entry.name)))
        for entry in catalog.entries
    }


def _file(policy: type[Policy] | None) -> str:
    if policy is None:
        return ""
    try:
        return inspect.getsourcefile(policy) or ""
    except (TypeError, OSError):
        return ""


def _hooks(policy: type[Policy]) -> list[str]:
    known = {name for name in vars(hookspecs) if not name.startswith("_")}
    for each in vars(hookspecs).values():
        if inspect.isclass(each):
            known |= set(vars(each))
    found = [name for name in dir(policy) if name in known and not name.startswith("_")]
    return [name for name in found if callable(getattr(policy, name)) and name[:1].islower()]


def _parameters(policy: type[Policy]) -> list[str]:
    fields = parameter_fields(policy)
    if not fields:
        return ["It has no parameters.", ""]
    lines = ["| parameter | default | meaning |", "| --- | --- | --- |"]
    for spec in fields:
        default = format_parameter(spec, spec.default)
        lines.append(f"| {spec.name} | {default} | {spec.metadata['doc']} |")
    return [*lines, ""]
