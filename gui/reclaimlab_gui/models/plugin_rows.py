"""What is installed: every plugin of every kind, its origin, hooks, parameters and errors."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from reclaimlab.hosting.catalog import OURS, forget_plugins
from reclaimlab.hosting.extensions import extensions
from reclaimlab.hosting.extensions import forget as forget_extensions
from reclaimlab.hosting.listing import Listed, every_plugin, probe_plugins
from reclaimlab.policy import hookspecs
from reclaimlab.policy.policy import format_parameter, parameter_fields
from reclaimlab.runs.run import installed_policies
from reclaimlab_gui.models.table import Cell, Row

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reclaimlab.policy import Policy
    from reclaimlab.policy.extensions import Kind

PLUGIN_HEADER: Final = ("plugin", "kind", "state", "from", "API", "what it says of itself")
_FACTS: Final = ("unit", "better", "title", "like")
"""What an extension may say of itself in one word: of a metric, report section, filesystem."""


@dataclass(frozen=True, slots=True)
class PluginFacts:
    """All that is known of one plugin."""

    listed: Listed
    policy: type[Policy] | None = None
    extension: Any = None
    """The object, of any kind but ``policy``; None if it cannot be used."""
    file: str = ""
    """Where its code is."""

    @property
    def kind(self) -> str:
        """What it is: of a policy, whether it is a kernel or a fix."""
        return self.policy.info.kind if self.policy else self.listed.kind

    @property
    def row(self) -> Row:
        """The plugin as a row."""
        listed = self.listed
        fault = "" if listed.state in ("loaded", "disabled") else "fault"
        said = listed.error or self._title()
        return Row(
            (
                Cell(listed.name),
                Cell(self.kind),
                Cell(listed.state, kind=fault),
                Cell(listed.origin),
                Cell(listed.api),
                Cell(said.splitlines()[0] if said else "", tip=said, kind=fault),
            ),
            key=self.key,
        )

    @property
    def key(self) -> str:
        """What tells it from all others: a policy's name, or kind and name; with its place."""
        listed = self.listed
        name = listed.name if listed.kind == "policy" else f"{listed.kind} {listed.name}"
        taken = "the name is taken" in listed.error
        return f"{name} ({listed.module})" if taken else name

    def text(self, failure: str = "") -> str:
        """Return the plugin's page as Markdown; ``failure`` is what it last did wrong in a run."""
        listed = self.listed
        lines = [f"## {listed.name}", ""]
        if listed.error:
            lines += [f"**{listed.state}**", "", *_code(listed.error)]
        if listed.traceback:
            lines += ["**Where it failed**", "", *_code(listed.traceback)]
        if failure:
            lines += ["**The last run that failed with it**", "", *_code(failure)]
        lines += self._of_policy(self.policy) if self.policy else self._of_extension()
        lines += [f"From: {listed.origin}, `{listed.module}`", ""]
        if self.file and listed.distribution != OURS:
            lines.append(f"File: `{self.file}`")
        return "\n".join(lines)

    def _title(self) -> str:
        if self.policy:
            return self.policy.info.title
        return (inspect.getdoc(type(self.extension)) or "") if self.extension is not None else ""

    @staticmethod
    def _of_policy(policy: type[Policy]) -> list[str]:
        info = policy.info
        lines = [info.title, "", f"*{info.claim}*", ""]
        lines += [inspect.cleandoc(policy.__doc__ or ""), ""]
        lines += ["**Hooks it answers:** " + (", ".join(_hooks(policy)) or "none"), ""]
        lines += _parameters(policy)
        lines += ["**References**", "", *(f"- {each}" for each in info.references), ""]
        return [*lines, f"Version of its answers: {info.version}", ""]

    def _of_extension(self) -> list[str]:
        made = self.extension
        if made is None:
            return []
        lines = [f"Kind: {self.kind}", "", inspect.getdoc(type(made)) or "", ""]
        lines += [f"- {name}: {getattr(made, name)}" for name in _FACTS if hasattr(made, name)]
        return [*lines, "", *(_parameters(made) if hasattr(made, "Parameters") else [])]


def installed_plugins() -> dict[str, PluginFacts]:
    """Return every plugin by its key; those that cannot be used too."""
    catalog = installed_policies()
    usable = catalog.policies
    facts = (_facts(listed, usable) for listed in every_plugin(catalog))
    return {each.key: each for each in facts}


def try_plugins() -> None:
    """Find out which plugins can be imported, in processes of their own: fit for a thread."""
    probe_plugins(installed_policies())


def look_again() -> None:
    """Forget what was found: a file has changed, a package has come."""
    forget_plugins()
    forget_extensions()


def _facts(listed: Listed, policies: Mapping[str, type[Policy]]) -> PluginFacts:
    file, _, _ = listed.module.rpartition(":")
    single = file if file.endswith(".py") and Path(file).exists() else ""
    if listed.kind == "policy":
        policy = policies.get(listed.name) if listed.state == "loaded" else None
        return PluginFacts(listed, policy, None, single or _file(policy))
    made = None
    if listed.state == "loaded":
        made = extensions(cast("Kind", listed.kind))[listed.name].load()
    return PluginFacts(listed, None, made, single or _file(made if made is None else type(made)))


def _file(made: type[Any] | None) -> str:
    if made is None:
        return ""
    try:
        return inspect.getsourcefile(made) or ""
    except (TypeError, OSError):
        return ""


def _code(text: str) -> list[str]:
    return ["```", *text.rstrip().splitlines(), "```", ""]


def _hooks(policy: type[Policy]) -> list[str]:
    known = {name for name in vars(hookspecs) if not name.startswith("_")}
    for each in vars(hookspecs).values():
        if inspect.isclass(each):
            known |= set(vars(each))
    found = [name for name in dir(policy) if name in known and not name.startswith("_")]
    return [name for name in found if callable(getattr(policy, name)) and name[:1].islower()]


def _parameters(plugin: Any) -> list[str]:
    fields = parameter_fields(plugin)
    if not fields:
        return ["It has no parameters.", ""]
    lines = ["| parameter | default | meaning |", "| --- | --- | --- |"]
    for spec in fields:
        default = format_parameter(spec, spec.default)
        lines.append(f"| {spec.name} | {default} | {spec.metadata['doc']} |")
    return [*lines, ""]
