"""The lock file of CI: each distribution with its version and the hash of its file.

``python -m tests.tools.lock`` writes `requirements-ci.lock` of what is installed beside it (`make
lock`), for the Python and the system that it runs on; anything else installs by the ranges of
pyproject.toml.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path
from typing import Any, Final

TOP: Final = Path(__file__).parents[2]
LOCK: Final = TOP / "requirements-ci.lock"
HEADER: Final = """\
# What CI installs, with the hash of each file (`make lock`), for CPython 3.11 on Linux x86-64.
"""


def main() -> None:
    """Ask pip which files it would install, and write their hashes down."""
    with tempfile.TemporaryDirectory() as folder:
        pinned, report = Path(folder, "pinned.txt"), Path(folder, "report.json")
        pinned.write_text("".join(f"{name}=={version}\n" for name, version in installed().items()))
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run"]
        command += ["--ignore-installed", "--constraint", str(pinned), "--report", str(report)]
        subprocess.run([*command, f"{TOP}[dev,gui]"], check=True)
        found = json.loads(report.read_text())["install"]
    LOCK.write_text(HEADER + "".join(sorted(map(line, filter(is_of_others, found)))))


def installed() -> dict[str, str]:
    """Return the version of everything that is installed but ourselves."""
    found = {each.name: each.version for each in metadata.distributions()}
    return {name: version for name, version in found.items() if name != "reclaimlab"}


def is_of_others(item: dict[str, Any]) -> bool:
    """Say whether ``item`` comes from a registry."""
    return bool(item["metadata"]["name"] != "reclaimlab")


def line(item: dict[str, Any]) -> str:
    """Return the lines of one distribution."""
    name = re.sub(r"[-_.]+", "-", item["metadata"]["name"]).lower()
    digest = item["download_info"]["archive_info"]["hashes"]["sha256"]
    return f"{name}=={item['metadata']['version']} \\\n    --hash=sha256:{digest}\n"


if __name__ == "__main__":
    main()
