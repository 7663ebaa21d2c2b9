"""The project of a new plugin, from the templates in this package."""

from __future__ import annotations

import keyword
import re
from importlib import resources
from typing import TYPE_CHECKING, Final

from reclaimlab.errors import ReclaimlabError
from reclaimlab.hosting.sources import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")

_FILES: Final[Mapping[str, str]] = {
    "common/pyproject.toml.in": "pyproject.toml",
    "common/README.md.in": "README.md",
    "common/gitignore.in": ".gitignore",
    "common/ci.yml.in": ".github/workflows/tests.yml",
    "@kind@/module.py.in": "src/@module@/__init__.py",
    "@kind@/scenario.toml.in": "src/@module@/scenario.toml",
    "@kind@/test.py.in": "tests/test_@module@.py",
}
"""Template -> the file it becomes; a kind need not have every template."""

_USE: Final[Mapping[str, str]] = {
    "policy": "$ reclaimlab compare dd-usb-ext4 -c linux-3.10 -c linux-3.10+@name@",
    "scenario": "$ reclaimlab compare @name@ -c linux-3.10 -c linux-6.18",
    "workload": '$ reclaimlab scenarios dd-usb-ext4 > mine.toml    # then program = "@name@"',
    "filesystem": '$ reclaimlab scenarios dd-usb-ext4 > mine.toml    # then type = "@name@"',
    "device": "$ reclaimlab run dd-usb-ext4 --set device.sda.model=@name@",
    "metric": "$ reclaimlab run dd-usb-ext4",
    "report": "$ reclaimlab report latest --format text",
    "property": "$ reclaimlab explore dd-usb-ext4",
}


def make_project(name: str, kind: str, parent: Path) -> list[Path]:
    """Write the folder ``name`` into ``parent``; return its files.

    Raises:
        ReclaimlabError: the name cannot be a package's, or the folder is there already.
    """
    words = {
        "name": name, "kind": kind, "group": KINDS[kind], "module": _module(name),
        "class": "".join(part.title() for part in name.split("-")),
    }  # fmt: skip
    words["use"] = _filled(_USE[kind], words)
    folder = parent / name
    if folder.exists():
        raise ReclaimlabError(f"{folder} is there already; choose another name or place")
    templates = resources.files(__package__) / "templates"
    made = []
    for template, target in _FILES.items():
        source = templates.joinpath(*_filled(template, words).split("/"))
        if source.is_file():
            made.append(folder / _filled(target, words))
            made[-1].parent.mkdir(parents=True, exist_ok=True)
            made[-1].write_text(_filled(source.read_text(), words))
    return made


def _module(name: str) -> str:
    module = name.replace("-", "_")
    if not _NAME.fullmatch(name) or keyword.iskeyword(module) or module.startswith("reclaimlab"):
        msg = f"{name!r} is no name for a plugin; small letters and digits, words joined by '-'"
        raise ReclaimlabError(f"{msg}, such as wait-late, and not beginning with reclaimlab")
    return module


def _filled(text: str, words: Mapping[str, str]) -> str:
    return re.sub(r"@(\w+)@", lambda mark: words[mark[1]], text)
