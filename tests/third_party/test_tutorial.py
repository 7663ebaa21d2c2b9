"""The tutorial is followed to the letter by somebody who has only what it says."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

TUTORIAL = (Path(__file__).parents[2] / "plugins" / "TUTORIAL.md").read_text()
BLOCK = re.compile(r"^```(console|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WINDOW = "reclaimlab gui"
MOST_COMMANDS = 6
"""From `plugin new` to the policy in `compare` and in the window."""
NEEDED = ("plugin new", "plugin check", "pytest", "pip install", "compare", "gui")


def commands() -> list[str]:
    consoles = "".join(text for language, text in BLOCK.findall(TUTORIAL) if language == "console")
    return [line[2:] for line in consoles.splitlines() if line.startswith("$ ")]


def matches(shown: str, printed: str) -> bool:
    pattern = r".*".join(re.escape(" ".join(part.split())) for part in shown.split("..."))
    return re.fullmatch(pattern.replace(r"\ .*", r"\ ?.*"), " ".join(printed.split())) is not None


def missing(shown: list[str], printed: list[str]) -> list[str]:
    rest = iter(printed)
    wanted = [line for line in shown if line.strip() != "..."]
    return [line for line in wanted if not any(matches(line, each) for each in rest)]


def run(line: str, python: Path, folder: Path) -> str:
    words = shlex.split(line)
    if words[:3] == ["python", "-m", "pip"]:
        # The same without a network: what it needs is here already.
        offline = ["--no-index", "--no-deps", "--no-build-isolation"]
        command = [sys.executable, "-m", "pip", "--python", str(python), *words[3:], *offline]
    else:
        command = [str(python), *(words[1:] if words[0] == "python" else ["-m", *words])]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, (line, ran.stdout, ran.stderr)
    return ran.stdout


@pytest.mark.slow
def test_every_step_does_what_the_tutorial_shows(
    place: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECLAIMLAB_DB", str(tmp_path / "runs.sqlite"))
    before = 0
    for block in BLOCK.finditer(TUTORIAL):
        language, text = block.groups()
        if language == "python":
            (path,) = re.findall(r"`([\w/-]+\.py)`", TUTORIAL[before : block.start()])[-1:]
            (tmp_path / path).write_text(text)
        elif WINDOW not in text:
            first, *shown = text.splitlines()
            printed = run(first.removeprefix("$ "), place.python, tmp_path).splitlines()
            assert missing(shown, printed) == [], (first, printed)
        before = block.end()


def test_six_commands_lead_from_nothing_to_the_policy_in_the_window() -> None:
    needed = [line for line in commands() if any(word in line for word in NEEDED)]
    assert len(needed) <= MOST_COMMANDS
    assert "plugin new" in needed[0]
    assert needed[-1] == WINDOW


def test_a_line_that_is_not_printed_is_noticed() -> None:
    assert missing(["a ... c", "..."], ["a b c"]) == []
    assert missing(["a ... d"], ["a b c"]) == ["a ... d"]
    assert missing(["b", "a"], ["a", "b"]) == ["a"]
