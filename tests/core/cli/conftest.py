"""The command line in this process, a store of its own, and a scenario of two simulated seconds."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reclaimlab.cli import cli

Call = Callable[..., Result]


@pytest.fixture
def db(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Name a store that does not exist yet, as the default one."""
    path = tmp_path / "runs.sqlite"
    monkeypatch.setenv("RECLAIMLAB_DB", str(path))
    return path


@pytest.fixture
def call(db: Path) -> Call:
    """Call the command line; the exit code is checked, since each code has a meaning."""

    def call(*arguments: str | Path, code: int = 0, answer: str | None = None) -> Result:
        result = CliRunner().invoke(cli, list(map(str, arguments)), input=answer)
        assert result.exit_code == code, (result.output, result.exception)
        return result

    return call


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.toml"
    shutil.copy(Path(__file__).parents[1] / "tiny.toml", path)
    return path
