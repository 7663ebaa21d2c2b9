"""The objects a machine is born with: they stay, and a state says only how they differ from birth.

What is made and dropped on the way (pages, units of writeback, work items, frames) is written out;
what stands for ever (the kernel, lists, queues, most tasks) is named by its number. So a state is
small, and to come back to one is to set some attributes, in place.
"""

from __future__ import annotations

import types
from collections import deque
from enum import Enum
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from reclaimlab.explore.resumable import Frame
from reclaimlab.policy.table import HookTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_CONTAINERS: Final = (list, deque, dict, set)
_PLAIN: Final = (
    int, str, bytes, float, type(None), type, types.FunctionType, types.MethodType,
    types.ModuleType, Enum, HookTable,
)  # fmt: skip


_ALWAYS: Final = object()
"""Stands for a value that is never as it was at birth."""


def attributes_of(value: Any) -> list[str]:
    """Return the names of all attributes that ``value`` has: slots and others."""
    names: list[str] = []
    for kind in type(value).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        names += [slots] if isinstance(slots, str) else list(slots)
    names += getattr(value, "__dict__", {})
    return [name for name in dict.fromkeys(names) if hasattr(value, name)]


def _is_ours(value: Any) -> bool:
    return type(value).__module__.startswith("reclaimlab") and not isinstance(
        value, (*_PLAIN, Frame, tuple)
    )


class Skeleton:
    """Every object of the model that a machine has after it was started.

    Args:
        root: where to begin. leaves: objects that are interchangeable, so not to be numbered.
    """

    def __init__(self, root: Any, leaves: Iterable[Any]) -> None:
        self._leaves = {id(leaf) for leaf in leaves}
        self.objects: list[Any] = []
        self.containers: list[Any] = []
        self.constants: list[Any] = []
        self._collect(root)
        self._names = [attributes_of(value) for value in self.objects]
        self._read: list[Callable[[Any], Any]] = [attrgetter(*names) for names in self._names]
        self._born = [
            self._birth(value, names)
            for value, names in zip(self.objects, self._names, strict=True)
        ]
        self._contents = [self._content(value) for value in self.containers]

    def _birth(self, value: Any, names: list[str]) -> Any:
        """Return the attributes at birth; what changes within itself is written out always."""
        values = tuple(
            _ALWAYS if isinstance(each, Frame) or id(each) in self._leaves else each
            for each in (getattr(value, name) for name in names)
        )
        return values if len(names) > 1 else values[0]

    def _content(self, container: Any) -> Any:
        held = container.values() if isinstance(container, dict) else container
        if any(isinstance(each, Frame) or id(each) in self._leaves for each in held):
            return _ALWAYS
        return type(container)(container)

    def _collect(self, root: Any) -> None:
        seen: set[int] = set()
        pending = [root]
        while pending:
            value = pending.pop()
            if id(value) in seen or isinstance(value, _PLAIN) or id(value) in self._leaves:
                continue
            seen.add(id(value))
            if isinstance(value, Frame):  # what it holds may stay; its own lists do not
                held = [getattr(value, name) for name in attributes_of(value)]
                pending += [each for each in held if not isinstance(each, _CONTAINERS)]
            elif hasattr(type(value), "model_fields"):
                self.constants.append(value)
            elif isinstance(value, _CONTAINERS):
                self.containers.append(value)
                pending += value.values() if isinstance(value, dict) else value
            elif isinstance(value, tuple):
                pending += value
            elif _is_ours(value) and attributes_of(value):
                self.objects.append(value)
                pending += [getattr(value, name) for name in attributes_of(value)]

    def difference(self) -> tuple[list[Any], list[Any]]:
        """Return what differs from birth: attributes as (object, name, value), and contents."""
        changed: list[Any] = []
        for place, (read, born, value) in enumerate(
            zip(self._read, self._born, self.objects, strict=True)
        ):
            now = read(value)
            if now != born:
                names = self._names[place]
                if len(names) == 1:
                    changed += (place, 0, now)
                    continue
                for at, (new, old) in enumerate(zip(now, born, strict=True)):
                    if new is not old and new != old:
                        changed += (place, at, new)
        contents: list[Any] = []
        for place, (value, born) in enumerate(zip(self.containers, self._contents, strict=True)):
            if value != born:
                contents += (place, value if type(value) is not deque else list(value))
        return changed, contents

    def restore(self, changed: list[Any], contents: list[Any]) -> None:
        """Make the objects differ from birth in just this."""
        self._rebirth()
        for at in range(0, len(changed), 3):
            place, name, value = changed[at : at + 3]
            setattr(self.objects[place], self._names[place][name], value)
        for at in range(0, len(contents), 2):
            _fill(self.containers[contents[at]], contents[at + 1])

    def _rebirth(self) -> None:
        for place, (read, born, value) in enumerate(
            zip(self._read, self._born, self.objects, strict=True)
        ):
            now = read(value)
            if now != born:
                names = self._names[place]
                if len(names) == 1:
                    setattr(value, names[0], born)
                    continue
                for name, new, old in zip(names, now, born, strict=True):
                    if new is not old:
                        setattr(value, name, old)
        for value, born in zip(self.containers, self._contents, strict=True):
            if value != born and born is not _ALWAYS:
                _fill(value, born)


def _fill(container: Any, content: Any) -> None:
    container.clear()
    if isinstance(container, (dict, set)):
        container.update(content)
    else:
        container.extend(content)
