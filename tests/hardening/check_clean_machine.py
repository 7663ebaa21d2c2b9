"""The two commands of README.md, literally, in a fresh clone without what is installed here.

Part of `make soak`, for the second one is all of `make test`. CLEAN=demo tries the first alone.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
KEPT = ("PATH", "HOME", "LANG", "TMPDIR")
"""Of the environment: no virtual environment, no setting of ours or of pip comes along."""


def two_commands() -> list[str]:
    readme = (TOP / "README.md").read_text()
    section = readme.partition("## Two commands\n")[2].partition("\n## ")[0]
    (block,) = re.findall(r"^```sh\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    return [line.partition("#")[0].strip() for line in block.splitlines()]


def test_the_commands_of_the_readme_work_in_a_fresh_clone(tmp_path: Path) -> None:
    commands = two_commands()
    assert commands == ["make demo", "make test"]
    clone = tmp_path / "reclaimlab"
    subprocess.run(["git", "clone", "--quiet", str(TOP), str(clone)], check=True)
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    for command in commands:
        if command == f"make {os.environ.get('CLEAN', command[5:])}":
            ran = subprocess.run(
                command, shell=True, cwd=clone, env=environment, stdin=subprocess.DEVNULL,
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    status = ["git", "-C", str(clone), "status", "--porcelain"]
    assert subprocess.run(status, check=True, capture_output=True).stdout == b""
