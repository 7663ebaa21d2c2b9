"""The observers of one run: told what happens, and nothing they do touches it."""

from __future__ import annotations

import logging
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pluggy

_log = logging.getLogger(__name__)


class Observers:
    """Whoever implements a notification; one that raised is told no more of that kind."""

    def __init__(self, manager: pluggy.PluginManager, guarded: Callable[..., Any]) -> None:
        self._manager = manager
        self._guarded = guarded
        self._dropped: set[tuple[str, str]] = set()
        self._implementations: dict[str, list[pluggy.HookImpl]] = {}

    def tell(self, name: str, arguments: Mapping[str, Any]) -> None:
        """Tell all of the notification called ``name``; one that raises is logged."""
        implementations = self._implementations.get(name)
        if implementations is None:
            found = getattr(self._manager.hook, name).get_hookimpls()
            implementations = self._implementations[name] = found[::-1]
        if not implementations:
            return
        shown = {key: _read_only(value) for key, value in arguments.items()}
        for implementation in implementations:
            observer = (implementation.plugin_name, name)
            if observer in self._dropped:
                continue
            tell = self._guarded(*observer, implementation.function)
            try:
                tell(*(shown[each] for each in implementation.argnames))
            except KeyboardInterrupt:
                raise
            except BaseException:
                self._dropped.add(observer)
                _log.exception("observer %s, hook %s raised; it is not told again", *observer)


def _read_only(value: Any) -> Any:
    # The run goes on with what observers are shown.
    return MappingProxyType(value) if isinstance(value, dict) else value
