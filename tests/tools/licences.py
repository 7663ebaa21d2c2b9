"""The licences of what a user installs with reclaimlab, as README.md lists them.

``python -m tests.tools.licences`` writes the list anew.
"""

from __future__ import annotations

import re
from collections import defaultdict
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Final

from packaging.requirements import Requirement

from reclaimlab.reports.readme import fill_block

if TYPE_CHECKING:
    from collections.abc import Iterable

README: Final = Path(__file__).parents[2] / "README.md"
EXTRAS: Final = ("gui", "pdf", "cluster", "sensitivity", "tables")
"""What `pip install 'reclaimlab[...]'` may bring; `dev` is no user's."""
_SAME: Final = {
    "Apache License, Version 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD": "BSD",
    "BSD License": "BSD",
    "BSD-2-Clause": "BSD",
    "BSD-3-Clause": "BSD",
    "MIT License": "MIT",
    "PSF-2.0": "PSF",
    "Python Software Foundation License": "PSF",
}
"""How distributions spell one licence."""


def licences() -> dict[str, str]:
    """Return the licence of each distribution that reclaimlab needs, with all its extras."""
    found: dict[str, str] = {}
    _walk("reclaimlab", EXTRAS, found)
    del found["reclaimlab"]
    return found


def _walk(name: str, extras: Iterable[str], found: dict[str, str]) -> None:
    distribution = metadata.distribution(name)
    key = re.sub(r"[-_.]+", "-", name).lower()
    if key in found and not extras:
        return
    found[key] = _licence(distribution.metadata)
    for line in distribution.requires or ():
        needed = Requirement(line)
        asked = ("", *extras)
        if needed.marker is None or any(needed.marker.evaluate({"extra": e}) for e in asked):
            _walk(needed.name, needed.extras, found)


def _licence(about: metadata.PackageMetadata) -> str:
    classifiers = about.get_all("Classifier", []) or []
    named = [each.split(" :: ")[-1] for each in classifiers if each.startswith("License ::")]
    expression, licence = (about.get_all(each, [""]) for each in ("License-Expression", "License"))
    said = (expression or [""])[0] or "; ".join(named) or (licence or [""])[0] or "unknown"
    return _SAME.get(said.splitlines()[0], said.splitlines()[0])


def licence_table(found: dict[str, str]) -> str:
    """Return the table of README.md: each licence with what has it."""
    by_licence: dict[str, list[str]] = defaultdict(list)
    for name, licence in sorted(found.items()):
        by_licence[licence].append(name)
    rows = [f"| {licence} | {', '.join(names)} |" for licence, names in sorted(by_licence.items())]
    return "\n".join(("| licence | distributions |", "| --- | --- |", *rows)) + "\n"


if __name__ == "__main__":
    fill_block(README, "licences", licence_table(licences()))
