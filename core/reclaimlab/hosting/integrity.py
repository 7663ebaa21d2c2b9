"""Whether a plugin has changed the tool: what our modules and classes hold, before and after.

A plugin shares a process with the engine, so nothing can keep it from assigning to
``vmscan.shrink_page_list``. It can be noticed, named and put back, so that no other run is touched.
"""

from __future__ import annotations

import builtins
import sys
from types import FunctionType, ModuleType
from typing import Any, Final

_PACKAGES: Final = ("reclaimlab", "reclaimlab_fixes")
_ABSENT: Final = object()
_CONTAINERS: Final = (dict, list, set)


class Snapshot:
    """What every module and class of ours holds now."""

    def __init__(self) -> None:
        self._spaces: list[tuple[str, Any, dict[str, Any]]] = [
            ("builtins", builtins, dict(vars(builtins)))
        ]
        self._containers: list[tuple[str, Any, Any]] = []
        self._codes: list[tuple[str, FunctionType, Any]] = []
        self._modules = {name: module for name, module in sys.modules.items() if _is_ours(name)}
        for name, module in self._modules.items():
            self._remember(name, module)

    def _remember(self, name: str, module: ModuleType) -> None:
        held = dict(vars(module))
        self._spaces.append((name, module, held))
        for key, value in held.items():
            where = f"{name}.{key}"
            if isinstance(value, type) and value.__module__ == name:
                self._spaces.append((where, value, dict(vars(value))))
                self._note_codes(where, vars(value))
            elif key.isupper() and isinstance(value, _CONTAINERS):
                self._containers.append((where, value, value.copy()))
        self._note_codes(name, held)

    def _note_codes(self, where: str, space: Any) -> None:
        for key, value in space.items():
            if isinstance(value, FunctionType):
                self._codes.append((f"{where}.{key}", value, value.__code__))

    def undo_changes(self) -> tuple[str, ...]:
        """Put back whatever has changed; return what it was."""
        changed: list[str] = []
        for name, module in self._modules.items():
            if sys.modules.get(name) is not module:
                changed.append(name)
                sys.modules[name] = module
        for where, owner, held in self._spaces:
            changed += (f"{where}.{key}" for key in _restore(owner, held))
        for where, container, copy in self._containers:
            if container != copy:
                changed.append(where)
                container.clear()
                getattr(container, "extend" if isinstance(copy, list) else "update")(copy)
        for where, function, code in self._codes:
            if function.__code__ is not code:
                changed.append(where)
                function.__code__ = code
        return tuple(changed)


def _restore(owner: Any, held: dict[str, Any]) -> list[str]:
    now = vars(owner)
    changed = [
        key for key, value in held.items()
        if now.get(key, _ABSENT) is not value and not _may_change(key, value)
    ]  # fmt: skip
    for key in changed:
        setattr(owner, key, held[key])
    if isinstance(owner, type):
        # A function added to a class stands before the one it inherits.
        added = [key for key, value in now.items() if key not in held and callable(value)]
        for key in added:
            delattr(owner, key)
        changed += added
    return changed


def _may_change(key: str, value: Any) -> bool:
    # Python and libraries keep caches of their own under such names; ours begin with one "_".
    is_dunder = key.startswith("__") and key.endswith("__")
    return (is_dunder and not callable(value)) or (
        key.startswith("_") and not callable(value) and not isinstance(value, (int, str))
    )


def _is_ours(name: str) -> bool:
    return name.partition(".")[0] in _PACKAGES
