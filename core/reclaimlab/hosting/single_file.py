"""Plugins in a single file, announced in a header that is read without importing it.

The header is a block of comments as in PEP 723, and holds TOML::

    # /// reclaimlab
    # name = "wait-late"
    # class = "WaitLate"
    # api = ">=1.0,<2"
    # ///

``kind`` is ``policy`` unless it says otherwise. A file with several plugins has one table
``[[plugin]]`` for each.
"""

from __future__ import annotations

import importlib.util
import re
import sys
import tomllib
from typing import TYPE_CHECKING, Any, Final

from reclaimlab.errors import did_you_mean
from reclaimlab.hosting.api_range import api_range
from reclaimlab.hosting.sources import KINDS, Source

if TYPE_CHECKING:
    import types
    from collections.abc import Iterator
    from pathlib import Path

MOST_BYTES: Final = 1 << 20
_HEADER: Final = re.compile(r"^# /// reclaimlab\n((?:#(?: [^\n]*)?\n)*?)# ///$", re.MULTILINE)
_KEYS: Final = frozenset({"name", "kind", "class", "api", "version"})


def sources_in(folder: Path) -> Iterator[Source]:
    """Yield what the files of ``folder`` announce; a file without a header announces nothing."""
    try:
        files = sorted(folder.glob("*.py"))
        if not folder.is_dir():
            yield _unusable(folder, f"there is no folder {folder}")
    except OSError as error:
        yield _unusable(folder, str(error.strerror))
        return
    for file in files:
        yield from sources_of(file, required=False)


def sources_of(file: Path, *, required: bool = True) -> Iterator[Source]:
    """Yield what one file announces; what is wrong with its header is said by its source."""
    try:
        text = file.read_bytes()[:MOST_BYTES].decode()
    except (OSError, UnicodeDecodeError) as error:
        yield _unusable(file, f"cannot be read: {error}")
        return
    header = _HEADER.search(text)
    if header is None:
        if required:
            yield _unusable(file, "has no header, which begins with the line '# /// reclaimlab'")
        return
    lines = (line.removeprefix("#").removeprefix(" ") for line in header[1].splitlines())
    try:
        data = tomllib.loads("\n".join(lines))
    except tomllib.TOMLDecodeError as error:
        yield _unusable(file, f"its header is not TOML: {error}")
        return
    several = data.pop("plugin", None)
    for table in several if isinstance(several, list) else [data]:
        yield _announced(file, table if isinstance(table, dict) else {})


def _announced(file: Path, table: dict[str, Any]) -> Source:
    strange = [key for key in table if key not in _KEYS]
    if strange:
        way_out = did_you_mean(strange[0], _KEYS, what="its keys")
        return _unusable(file, f"unknown key {strange[0]!r} in its header; {way_out}")
    faulty = [key for key, value in table.items() if not isinstance(value, str)]
    missing = [key for key in ("name", "class") if key not in table]
    if faulty or missing:
        fault = f"{faulty[0]!r} is no text" if faulty else f"{missing[0]!r} is missing"
        return _unusable(file, f"{fault} in its header")
    kind, problem = table.get("kind", "policy"), ""
    if kind not in KINDS:
        problem = f"unknown kind {kind!r}; {did_you_mean(kind, KINDS, what='kinds')}"
    try:
        api_range(table.get("api", ">=1.0"))
    except ValueError as error:
        problem = str(error)
    return Source(
        name=table["name"], module=f"{file}:{table['class']}", version=table.get("version", ""),
        kind=kind if kind in KINDS else "policy", file=str(file), api=table.get("api", ""),
        problem=problem,
    )  # fmt: skip


def _unusable(file: Path, problem: str) -> Source:
    return Source(name=file.stem, module=str(file), file=str(file), problem=problem)


def import_file(file: str) -> types.ModuleType:
    """Return the module of a single file, imported once a process."""
    name = "reclaimlab_plugin_" + re.sub(r"\W", "_", file)
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, file)
        if spec is None or spec.loader is None:
            raise ImportError(f"{file} is no Python file")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module  # dataclasses look there for the names in annotations
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[name]
            raise
    return sys.modules[name]
