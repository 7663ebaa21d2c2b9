"""The import hook that makes the model copyable in the process that explores.

It must be installed before the model is first imported, so exploring always has a process of its
own. Everything else (policies, scenarios, reading and writing) is imported as ever.
"""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import PathFinder, SourceFileLoader
from typing import TYPE_CHECKING, Any, Final

from reclaimlab.explore.resumable import rewrite

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import CodeType, ModuleType

MODEL: Final = (
    "reclaimlab.engine.locks",
    "reclaimlab.kernel.",
    "reclaimlab.block.",
    "reclaimlab.fs.",
    "reclaimlab.workloads.",
    "reclaimlab.machine.assemble",
    "reclaimlab.explore.device",
)
"""Modules, and packages with all that is in them, whose generator functions become frames."""


class _Loader(SourceFileLoader):
    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        tree = rewrite(self.get_data(path).decode(), path)
        return compile(tree, path, "exec", dont_inherit=True)


class _Finder(MetaPathFinder):
    def __init__(self, extra: tuple[str, ...]) -> None:
        self._wanted = (*MODEL, *extra)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not f"{fullname}.".startswith(self._wanted):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec


def enter(extra: tuple[str, ...] = ()) -> None:
    """Have the model, and modules whose names begin with one of ``extra``, imported copyable.

    Raises:
        RuntimeError: the model was imported already, as generators.
    """
    if any(isinstance(finder, _Finder) for finder in sys.meta_path):
        return
    present = [name for name in sys.modules if f"{name}.".startswith(MODEL)]
    if present:
        msg = f"{present[0]} is imported already; exploring needs a process of its own"
        raise RuntimeError(msg)
    sys.meta_path.insert(0, _Finder(extra))


def entered() -> bool:
    """Return whether this process is one that explores."""
    found: Any = [finder for finder in sys.meta_path if isinstance(finder, _Finder)]
    return bool(found)
