"""What an import costs, and what no file of ours may name."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parent.parent

MACHINE_PATH = re.compile(r"(?<![\w./-])/(work|farm|tmp|root|home)/\w")
REGISTRY_HOST = re.compile(r"\b(pypi|pythonhosted|npmjs|deb\.debian|archive\.ubuntu)\.(org|com)\b")


def files_outside_tests() -> list[Path]:
    """List what git tracks or would add, so that build products are not looked at."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(
        [*command, ":!tests"], cwd=TOP, capture_output=True, text=True, check=True
    )
    paths = (TOP / name for name in listed.stdout.split("\0") if name)
    return [path for path in paths if path.is_file()]


def lines_that_match(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path.relative_to(TOP)}:{number}: {line.strip()}"
        for path in files_outside_tests()
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), start=1)
        if pattern.search(line)
    ]


@pytest.mark.parametrize("heavy", ["numpy", "pydantic", "sqlite_utils", "PySide6"])
def test_the_command_line_starts_without(heavy: str) -> None:
    # Each costs 50 to 400 ms to import, and `reclaimlab --help` must answer within 0.3 s.
    # `main` is asked for, because an empty folder named cli could be imported too.
    code = f"import sys; from reclaimlab.cli import main; sys.exit({heavy!r} in sys.modules)"
    started = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert (started.returncode, started.stderr) == (0, "")


def test_no_file_names_a_path_of_one_machine() -> None:
    assert lines_that_match(MACHINE_PATH) == []


def test_no_file_names_the_host_of_a_package_registry() -> None:
    assert lines_that_match(REGISTRY_HOST) == []
