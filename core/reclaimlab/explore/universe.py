"""The import hook that makes the model copyable in the process that explores.

It must be installed before the model is first imported, so exploring always has a process of its
own. Everything else (policies, scenarios, reading and writing) is imported as ever.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import marshal
import sys
from contextlib import suppress
from importlib.abc import MetaPathFinder
from importlib.machinery import PathFinder, SourceFileLoader
from importlib.util import cache_from_source
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from reclaimlab.explore import resumable

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


_assigned: set[str] = set()
"""Attributes that a module of the model assigns outside a constructor."""
_ALSO: Final = (
    "reclaimlab.engine.", "reclaimlab.explore.canonical", "reclaimlab.explore.tidy",
)  # fmt: skip
"""Modules that are no frames, and assign attributes of the model too."""


class _Loader(SourceFileLoader):
    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        source = self.get_data(path)
        stamp = hashlib.blake2b(source + _rewriter(), digest_size=16).digest()
        kept = Path(cache_from_source(path, optimization="explored"))
        with suppress(OSError, ValueError, EOFError, TypeError):
            found, names, code = marshal.loads(kept.read_bytes())
            if found == stamp:
                _assigned.update(names)
                kept_code: CodeType = code
                return kept_code
        tree = resumable.rewrite(source.decode(), path)
        made = compile(tree, path, "exec", dont_inherit=True)
        names = tuple(sorted(assigned_in(ast.parse(source))))
        _assigned.update(names)
        if not sys.dont_write_bytecode:
            with suppress(OSError):
                self.set_data(str(kept), marshal.dumps((stamp, names, made)))
        return made


@functools.cache
def _rewriter() -> bytes:
    """Return what determines the code that a source becomes."""
    sources = sorted(Path(resumable.__file__).parent.glob("*.py"))
    return b"".join([sys.version.encode(), *(each.read_bytes() for each in sources)])


def assigned_in(tree: ast.AST) -> set[str]:
    """Return the names of attributes that ``tree`` assigns, but for those in constructors."""
    found: set[str] = set()
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef) and node.name in ("__init__", "__new__"):
            continue
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            found.add(node.attr)
        found |= assigned_in(node)
    return found


def assigned() -> frozenset[str]:
    """Return the attributes that the model as it is imported now assigns after construction."""
    found = set(_assigned)
    for name, module in list(sys.modules.items()):
        if name.startswith(_ALSO) and module.__file__ is not None:
            found |= assigned_in(ast.parse(Path(module.__file__).read_bytes()))
    return frozenset(found)


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
