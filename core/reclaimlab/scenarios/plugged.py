"""What a scenario may name that a plugin brings: filesystems, device models, workloads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from reclaimlab.errors import ExtensionError, did_you_mean
from reclaimlab.hosting.extensions import extensions, parameters_of
from reclaimlab.policy.policy import parameter_fields
from reclaimlab.scenarios.document import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reclaimlab.policy.extensions import Kind

FILESYSTEM_TYPES: Final = ("xfs", "ext4", "ext3", "gfs2", "tmpfs", "bare-xfs")
"""The types that need no plugin."""


def filesystem_type(name: str) -> str:
    """Return ``name`` if it is a type that can be mounted.

    Raises:
        ValueError: it is none.
    """
    if name not in FILESYSTEM_TYPES:
        _look_up("filesystem", name, FILESYSTEM_TYPES)
    return name


def device_model(name: str) -> str:
    """Return ``name`` if a plugin brings that model of a device.

    Raises:
        ValueError: none does.
    """
    _look_up("device", name, ())
    return name


def is_workload(program: object) -> bool:
    """Whether a plugin brings a program of that name."""
    return isinstance(program, str) and program in extensions("workload")


def option_names(section: str, table: Mapping[str, Any]) -> list[str]:
    """Return what the plugin that a table names can be told; nothing if it names none."""
    kind, key = _NAMED_BY.get(section, (None, ""))
    brought = extensions(kind).get(str(table.get(key))) if kind else None
    if brought is None or brought.error or not hasattr(brought.load(), "Parameters"):
        return []
    return [spec.name for spec in parameter_fields(brought.load())]


_NAMED_BY: Final[dict[str, tuple[Kind, str]]] = {
    "filesystem": ("filesystem", "type"),
    "device": ("device", "model"),
    "task": ("workload", "program"),
}
"""Section -> the kind of plugin that its tables may name, and under which key."""


def _look_up(kind: Kind, name: str, builtin: tuple[str, ...]) -> None:
    brought = extensions(kind)
    if name not in brought:
        way_out = did_you_mean(name, [*builtin, *brought], what="allowed are")
        msg = f"{name!r} is not allowed; {way_out}"
        raise ValueError(msg)


def check_options(
    kind: Kind, path: tuple[str, str], table: Mapping[str, Any], key: str
) -> Iterator[Problem]:
    """Yield what is wrong with the plugin that ``table`` names under ``key``, or its options."""
    options = table.get("options")
    brought = extensions(kind).get(str(table[key])) if key in table else None
    if brought is None:
        if options is not None:
            yield Problem((*path, "options"), f"only a plugin's {kind} has options")
        return
    try:
        parameters_of(brought, options if isinstance(options, dict) else None)
    except ExtensionError as error:
        yield Problem((*path, key), f"{error.name} of {brought.origin}: {error.problem}")
    except ValueError as error:
        yield Problem((*path, "options"), str(error))
