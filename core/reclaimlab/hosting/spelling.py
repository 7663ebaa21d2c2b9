"""Hooks and arguments that a policy spells as no hook is spelt, each with the near one."""

from __future__ import annotations

import difflib
import inspect
import warnings
from typing import TYPE_CHECKING, Any, Final

from reclaimlab.errors import did_you_mean
from reclaimlab.policy import Policy, hookspecs

if TYPE_CHECKING:
    from collections.abc import Iterator

HOOKS: Final[dict[str, tuple[str, ...]]] = {
    name: tuple(inspect.signature(spec).parameters)
    for name, spec in vars(hookspecs).items()
    if hasattr(spec, f"{hookspecs.PROJECT}_spec")
}
"""Hook -> the names of its arguments."""

_NEAR: Final = 0.8


def misspelt(policy: Policy | type[Policy]) -> Iterator[str]:
    """Yield what is wrong with the names of the hooks and their arguments."""
    for name, arguments in _implemented(policy):
        if name not in HOOKS:
            way_out = did_you_mean(name, HOOKS, what="hooks")
            yield f"implements {name}, which is no hook; {way_out}"
            continue
        for each in arguments:
            if each not in HOOKS[name]:
                way_out = did_you_mean(each, HOOKS[name], what="its arguments")
                yield f"{name} has no argument {each!r}; {way_out}"


def unmarked(policy: type[Policy]) -> Iterator[str]:
    """Yield the methods that are named as a hook, or nearly so, and are not marked as one."""
    for name, function in inspect.getmembers(policy, inspect.isfunction):
        marked = hasattr(function, f"{hookspecs.PROJECT}_impl")
        near = difflib.get_close_matches(name, HOOKS, n=1, cutoff=_NEAR)
        if near and not marked and not hasattr(Policy, name):
            yield f"method {name} is not marked with @hookimpl, so it is never asked"


def deprecated(policy: Policy | type[Policy]) -> Iterator[str]:
    """Yield the deprecated hooks and arguments that a policy uses, with what to do."""
    for name, arguments in _implemented(policy):
        for used in (name, *(f"{name}.{each}" for each in arguments)):
            if used in hookspecs.DEPRECATED:
                yield f"{used} is deprecated: {hookspecs.DEPRECATED[used]}"


def warn_of_deprecated(name: str, policy: Policy) -> None:
    """Warn of each deprecated hook or argument that the policy called ``name`` uses."""
    if not hookspecs.DEPRECATED:
        return
    for problem in deprecated(policy):
        warnings.warn(f"policy {name}: {problem}", DeprecationWarning, stacklevel=3)


def _implemented(policy: Any) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name in dir(policy):
        function = inspect.getattr_static(policy, name)
        function = getattr(function, "__func__", function)
        if hasattr(function, f"{hookspecs.PROJECT}_impl"):
            arguments = tuple(inspect.signature(function).parameters)
            yield name, arguments[1:] if arguments[:1] == ("self",) else arguments
